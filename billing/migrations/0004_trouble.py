from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0003_ends_with_workspace")]

    operations = [
        migrations.AddField(
            model_name="account",
            name="must_ask",
            field=models.BooleanField(
                db_default=False, default=False, verbose_name="Stripe must be asked about it"
            ),
        ),
        migrations.AddField(
            model_name="account",
            name="tries",
            field=models.PositiveSmallIntegerField(
                db_default=0, default=0, verbose_name="how often that failed since it last worked"
            ),
        ),
        migrations.AddField(
            model_name="account",
            name="trouble",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=300, verbose_name="why it failed"
            ),
        ),
    ]
