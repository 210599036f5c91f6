import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cms", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="SiteBuild",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("started_at", models.DateTimeField(db_index=True)),
                ("ended_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("release_id", models.CharField(blank=True, max_length=40)),
                ("failures", models.JSONField(blank=True, default=list)),
                ("problem", models.TextField(blank=True)),
                ("mailed_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
    ]
