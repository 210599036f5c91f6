from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("billing", "0002_usage_charges"),
    ]

    operations = [
        migrations.AddField(
            model_name="account",
            name="ends_with_workspace",
            field=models.BooleanField(
                db_default=False,
                default=False,
                verbose_name="cancelled because the workspace was deleted",
            ),
        ),
    ]
