import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0004_pool'),
    ]

    operations = [
        migrations.CreateModel(
            name='MigrationFailure',
            fields=[
                ('tenant', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='migration_failure', serialize=False, to='tenants.tenant')),
                ('wanted', models.CharField(max_length=64, verbose_name='fingerprint it was to get')),
                ('reason', models.TextField()),
                ('tries', models.PositiveIntegerField(default=1)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
    ]
