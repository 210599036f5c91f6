from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0002_readers")]

    operations = [
        migrations.CreateModel(
            name="PressureChange",
            fields=[
                ("version", models.BigIntegerField(primary_key=True, serialize=False)),
                ("level", models.PositiveSmallIntegerField()),
                ("own", models.PositiveSmallIntegerField()),
                ("hand", models.PositiveSmallIntegerField(null=True)),
                ("until", models.DateTimeField(null=True)),
                ("by", models.CharField(max_length=254)),
                ("because", models.CharField(max_length=300)),
                ("at", models.DateTimeField()),
            ],
        ),
    ]
