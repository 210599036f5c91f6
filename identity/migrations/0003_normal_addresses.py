"""Every address in its normal form (identity.addresses), before constraints ask for it."""

from django.db import migrations

import identity.addresses
from identity.addresses import STORED, NotAnAddress, normal


def stored(email):
    """The normal form; and whether the address has one. What has none is written out, and unusable."""
    try:
        return normal(email), True
    except NotAnAddress:
        plain = "".join(sign if "!" <= sign <= "~" else f"_{ord(sign):x}_" for sign in email.strip())
        return (plain if "@" in plain else f"{plain}@address.invalid").lower()[:254], False


def normalise(apps, schema_editor):
    for model in ("User", "Person"):
        rows = apps.get_model("identity", model).objects
        for row in rows.exclude(email__regex=STORED).iterator(chunk_size=500):
            rows.filter(pk=row.pk).update(email=stored(row.email)[0])
    rows = apps.get_model("account", "EmailAddress").objects
    # Who proved an address first keeps it.
    for row in rows.exclude(email__regex=STORED).order_by("-verified", "pk"):
        normalise_address(rows, row)


def normalise_address(rows, row):
    email, is_one = stored(row.email)
    same = rows.filter(email=email).exclude(pk=row.pk)
    taken = same.filter(verified=True).exclude(user_id=row.user_id).exists()
    verified = row.verified and is_one and not taken
    twin = same.filter(user_id=row.user_id).first()
    if twin is None:
        rows.filter(pk=row.pk).update(email=email, verified=verified)
        return
    row.delete()
    rows.filter(pk=twin.pk).update(
        verified=twin.verified or verified, primary=twin.primary or row.primary
    )


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0002_oidc"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [
        migrations.RunPython(normalise, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="user",
            name="email",
            field=identity.addresses.AddressField(
                db_index=True, max_length=254, verbose_name="email address"
            ),
        ),
        migrations.AlterField(
            model_name="person",
            name="email",
            field=identity.addresses.AddressField(blank=True, max_length=254),
        ),
    ]
