import django.db.models.deletion
import django.utils.timezone
import uuid_utils.compat
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('identity', '0014_one_person'),
    ]

    operations = [
        migrations.CreateModel(
            name='Source',
            fields=[
                ('id', models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80, unique=True)),
                ('kind', models.CharField(choices=[('website', 'Website'), ('app', 'App'), ('server', 'Server'), ('import', 'Import')], max_length=10)),
                ('key_hash', models.CharField(max_length=64, unique=True)),
                ('key_hint', models.CharField(max_length=8)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='EventName',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200, unique=True)),
                ('state', models.CharField(choices=[('unplanned', 'Unplanned'), ('planned', 'Planned'), ('blocked', 'Blocked')], default='unplanned', max_length=10)),
                ('properties', models.JSONField(blank=True, default=dict)),
                ('count', models.BigIntegerField(db_default=0, default=0)),
                ('first_seen_at', models.DateTimeField(blank=True, null=True)),
                ('last_seen_at', models.DateTimeField(blank=True, null=True)),
                ('example', models.JSONField(blank=True, default=dict)),
                ('source', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to='identity.source')),
            ],
            options={
                'indexes': [models.Index(fields=['state', '-last_seen_at'], name='eventname_by_state')],
            },
        ),
        migrations.CreateModel(
            name='Trouble',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(blank=True, max_length=200)),
                ('reason', models.CharField(max_length=40)),
                ('words', models.CharField(blank=True, max_length=300)),
                ('count', models.BigIntegerField(db_default=0, default=0)),
                ('first_seen_at', models.DateTimeField()),
                ('last_seen_at', models.DateTimeField()),
                ('example', models.JSONField(blank=True, default=dict)),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='troubles', to='identity.source')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('source', 'name', 'reason'), name='trouble_once')],
            },
        ),
    ]
