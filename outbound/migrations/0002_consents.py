"""Consents are added, never changed. And what people have said no to before goes on to hold."""

from django.db import migrations
from uuid_utils.compat import uuid7

TRIGGER = """
CREATE FUNCTION outbound_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'What somebody has said is not changed: add what they say now.'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE ON outbound_consentchange
    FOR EACH ROW EXECUTE FUNCTION outbound_refuse_change();
"""
BACK = """
DROP TRIGGER append_only ON outbound_consentchange;
DROP FUNCTION outbound_refuse_change();
"""


def copy_choices(apps, schema_editor):
    MailChoice = apps.get_model("identity", "MailChoice")
    Person = apps.get_model("identity", "Person")
    Consent = apps.get_model("outbound", "Consent")
    ConsentChange = apps.get_model("outbound", "ConsentChange")
    for choice in MailChoice.objects.select_related("user").order_by("pk").iterator():
        user = choice.user
        person, _ = Person.objects.get_or_create(
            user=user, defaults={"id": uuid7(), "email": user.email, "name": user.name}
        )
        said = {"recipient": f"person:{person.pk}", "topic": choice.kind, "given": False}
        _, is_new = Consent.objects.get_or_create(
            recipient=said["recipient"], topic=said["topic"], channel="mail",
            defaults={"given": False, "at": choice.said_at},
        )
        if is_new:
            ConsentChange.objects.create(
                id=uuid7(), **said, source="account page", at=choice.said_at
            )


class Migration(migrations.Migration):
    dependencies = [("outbound", "0001_ledger"), ("identity", "0012_names")]

    operations = [
        migrations.RunSQL(TRIGGER, BACK),
        migrations.RunPython(copy_choices, migrations.RunPython.noop),
    ]
