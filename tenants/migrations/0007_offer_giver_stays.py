from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("tenants", "0006_archives"),
    ]

    operations = [
        migrations.AddField(
            model_name="ownershipoffer",
            name="giver_stays",
            field=models.BooleanField(default=False, verbose_name="who gives it remains an owner"),
        ),
    ]
