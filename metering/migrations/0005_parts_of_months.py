from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("metering", "0004_catalogue_and_state"),
    ]

    operations = [
        migrations.AddField(
            model_name="statement",
            name="is_level",
            field=models.BooleanField(
                db_default=False, default=False, verbose_name="of what exists"
            ),
        ),
        migrations.AddField(
            model_name="statement",
            name="month_end",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="statement",
            name="month_start",
            field=models.DateTimeField(null=True),
        ),
    ]
