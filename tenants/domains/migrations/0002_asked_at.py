from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenant_domains", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="customdomain", name="asked_at", field=models.DateTimeField(null=True)
        )
    ]
