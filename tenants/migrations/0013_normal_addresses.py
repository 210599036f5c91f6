"""Addresses and domains in their normal form (identity.addresses), held to it by constraints."""

from django.db import migrations, models

import identity.addresses
from identity.addresses import STORED, NotAnAddress, normal, normal_domain


def normalise(apps, schema_editor):
    invitations = apps.get_model("tenants", "Invitation").objects
    # The newest of two that turn out to be for one address is the one that its person has seen last.
    for row in invitations.exclude(email__regex=STORED).order_by("-created_at"):
        email = or_unusable(row.email)
        open_ones = invitations.filter(tenant_id=row.tenant_id, email=email, accepted_at=None)
        if row.accepted_at is None and open_ones.exists():
            row.delete()
        else:
            invitations.filter(pk=row.pk).update(email=email)
    attempts = apps.get_model("tenants", "SignupAttempt").objects
    for row in attempts.exclude(email__regex=STORED).iterator(chunk_size=500):
        attempts.filter(pk=row.pk).update(email=or_unusable(row.email))
    doors = apps.get_model("tenants", "JoinDomain").objects
    for row in doors.all():
        normalise_door(doors, row)


def normalise_door(doors, row):
    try:
        domain = normal_domain(row.domain)
    except NotAnAddress:
        row.delete()
        return
    if domain == row.domain:
        return
    if doors.filter(tenant_id=row.tenant_id, domain=domain).exists():
        row.delete()
    else:
        doors.filter(pk=row.pk).update(domain=domain)


def or_unusable(email):
    try:
        return normal(email)
    except NotAnAddress:
        plain = "".join(sign if "!" <= sign <= "~" else f"_{ord(sign):x}_" for sign in email.strip())
        return (plain if "@" in plain else f"{plain}@address.invalid").lower()[:254]


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0012_addresses_and_doors"),
        ("identity", "0003_normal_addresses"),
    ]

    operations = [
        migrations.RunPython(normalise, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="invitation",
            name="email",
            field=identity.addresses.AddressField(max_length=254),
        ),
        migrations.AlterField(
            model_name="signupattempt",
            name="email",
            field=identity.addresses.AddressField(max_length=254),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(("email__regex", "^[!-@[-~]*$")),
                name="invitation_email_is_normal",
            ),
        ),
        migrations.AddConstraint(
            model_name="signupattempt",
            constraint=models.CheckConstraint(
                condition=models.Q(("email__regex", "^[!-@[-~]*$")),
                name="signup_attempt_email_is_normal",
            ),
        ),
    ]
