from django.db import migrations, models


class Migration(migrations.Migration):
    """Which invoices for usage are settled. Of those from before nobody knows: each account is asked about
    at its next look, once."""

    dependencies = [("billing", "0011_metered_usage_and_differences")]

    operations = [
        migrations.AddField(
            "usageinvoice",
            "settled_at",
            models.DateTimeField(null=True, verbose_name="we saw that nothing of it is open"),
        ),
    ]
