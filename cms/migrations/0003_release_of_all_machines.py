import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cms", "0002_sitebuild")]

    operations = [
        migrations.AddField(
            model_name="buildrequest",
            name="left",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.CreateModel(
            name="CurrentRelease",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(
                        default=1, primary_key=True, serialize=False
                    ),
                ),
                ("release_id", models.CharField(max_length=40)),
                ("digest", models.CharField(max_length=64)),
                ("moved_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)), name="cms_currentrelease_is_one"
                    )
                ],
            },
        ),
    ]
