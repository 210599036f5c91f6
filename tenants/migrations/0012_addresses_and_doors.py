import secrets
from datetime import timedelta

import django.utils.timezone
from django.db import migrations, models
from django.utils import timezone

_REFUSE = """
CREATE FUNCTION public.tenants_refuse_tombstone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM public.tenants_tombstone
        WHERE host_hash = encode(sha256(convert_to(NEW.domain, 'UTF8')), 'hex')
    ) THEN
        RAISE unique_violation USING MESSAGE = 'the domain of a purged workspace stays reserved';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER no_tombstone BEFORE INSERT OR UPDATE OF domain ON public.tenants_domain
    FOR EACH ROW EXECUTE FUNCTION public.tenants_refuse_tombstone();
"""
_ALLOW = """
DROP TRIGGER no_tombstone ON public.tenants_domain;
DROP FUNCTION public.tenants_refuse_tombstone();
"""
_GRACE = timedelta(days=30)


def ask_for_a_proof(apps, schema_editor):
    """Doors that are open stay open for another month; their owners are asked for the proof now
    (docs/decisions/0021)."""
    now = timezone.now()
    for door in apps.get_model("tenants", "JoinDomain").objects.all():
        door.token = secrets.token_hex(16)
        door.open_until = door.watched_until = now + _GRACE
        door.next_check_at = now
        door.save()


def mark_staff(apps, schema_editor):
    """Only staff suspend and resume."""
    entries = apps.get_model("tenants", "AuditEntry").objects
    done = ["workspace.suspended", "workspace.resumed"]
    entries.filter(action__in=done).update(by_staff=True)


class Migration(migrations.Migration):
    dependencies = [("tenants", "0011_ways_in")]

    operations = [
        migrations.CreateModel(
            name="Tombstone",
            fields=[
                (
                    "host_hash",
                    models.CharField(max_length=64, primary_key=True, serialize=False),
                ),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.RunSQL(_REFUSE, _ALLOW),
        migrations.AddField(
            model_name="auditentry",
            name="by_staff",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="joindomain",
            name="token",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
        migrations.AddField(
            model_name="joindomain", name="proved_at", field=models.DateTimeField(null=True)
        ),
        migrations.AddField(
            model_name="joindomain", name="open_until", field=models.DateTimeField(null=True)
        ),
        migrations.AddField(
            model_name="joindomain", name="warned_at", field=models.DateTimeField(null=True)
        ),
        migrations.AddField(
            model_name="joindomain", name="checked_at", field=models.DateTimeField(null=True)
        ),
        migrations.AddField(
            model_name="joindomain",
            name="next_check_at",
            field=models.DateTimeField(db_index=True, null=True),
        ),
        migrations.AddField(
            model_name="joindomain", name="watched_until", field=models.DateTimeField(null=True)
        ),
        migrations.AddField(
            model_name="joindomain",
            name="checks",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="joindomain",
            name="found",
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.RunPython(ask_for_a_proof, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(mark_staff, migrations.RunPython.noop, elidable=True),
    ]
