from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("identity", "0010_grants")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="terms_version",
            # A default of the database: processes of the version before go on making users.
            field=models.CharField(blank=True, db_default="", default="", max_length=60),
        ),
        migrations.AddField(
            model_name="user",
            name="terms_agreed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
