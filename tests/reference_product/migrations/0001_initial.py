import django.utils.timezone
import uuid_utils.compat
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Thing',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=120)),
                ('created_by', models.UUIDField(editable=False, null=True, verbose_name='person who made it')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('is_sample', models.BooleanField(default=False, verbose_name='came with the workspace')),
            ],
            options={
                'ordering': ['-id'],
                'default_permissions': (),
            },
        ),
    ]
