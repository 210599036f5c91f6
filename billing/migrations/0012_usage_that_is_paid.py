from django.db import migrations, models


class Migration(migrations.Migration):
    """Which invoices for usage are settled. Those from before count as such, paid or not: nobody loses a
    plan overnight for what has cost them nothing so far."""

    dependencies = [("billing", "0011_metered_usage_and_differences")]

    operations = [
        migrations.AddField(
            "usageinvoice",
            "settled_at",
            models.DateTimeField(null=True, verbose_name="we saw that nothing of it is open"),
        ),
        migrations.RunSQL(
            "UPDATE billing_usageinvoice SET settled_at = now() WHERE finalized_at IS NOT NULL",
            migrations.RunSQL.noop,
        ),
    ]
