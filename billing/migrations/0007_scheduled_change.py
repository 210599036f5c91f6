from django.db import migrations, models


class Migration(migrations.Migration):
    """What a schedule makes of a subscription when its period ends."""

    dependencies = [("billing", "0006_first_look")]

    operations = [
        migrations.AddField(
            model_name="subscription",
            name="scheduled_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="subscription",
            name="scheduled_plan_key",
            field=models.CharField(blank=True, db_default="", max_length=40),
        ),
        migrations.AddField(
            model_name="subscription",
            name="scheduled_interval",
            field=models.CharField(blank=True, db_default="", max_length=10),
        ),
        migrations.AddField(
            model_name="subscription",
            name="scheduled_quantity",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="subscription",
            name="scheduled_amount",
            field=models.BigIntegerField(null=True, verbose_name="then, minor units for each"),
        ),
    ]
