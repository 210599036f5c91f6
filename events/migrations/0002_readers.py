from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="ReaderPosition",
            fields=[
                ("reader", models.CharField(max_length=63, primary_key=True, serialize=False)),
                ("position", models.CharField(max_length=60)),
                ("events", models.BigIntegerField()),
                ("tries", models.IntegerField()),
                ("reason", models.TextField()),
                ("retry_at", models.DateTimeField(null=True)),
                ("narrowed", models.IntegerField()),
                ("paused_at", models.DateTimeField(null=True)),
                ("moved_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="ReaderAside",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reader", models.CharField(max_length=63)),
                ("tenant", models.TextField(null=True)),
                ("payload", models.TextField()),
                ("reason", models.TextField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    models.Index(fields=["reader", "id"], name="events_readeraside_reader")
                ],
            },
        ),
    ]
