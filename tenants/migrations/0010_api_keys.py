from datetime import timedelta

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models
from django.utils import timezone

import tenants.scopes

# Whoever makes keys today; written out, because a migration must not follow later changes.
_MAKERS = ["owner", "admin"]
_ALL = ["read", "write", "events"]
_GRACE = timedelta(days=30)


def find_holders(apps, schema_editor):
    """Each key is held by who made it. Where they may not have one any more, they still know it: the
    oldest owner holds it for another month, is mailed before its end, and puts a new one in its place
    (docs/decisions/0020)."""
    ApiKey = apps.get_model("tenants", "ApiKey")
    Membership = apps.get_model("tenants", "Membership")
    until = timezone.now() + _GRACE
    for key in ApiKey.objects.filter(revoked_at=None).iterator():
        rows = Membership.objects.filter(tenant_id=key.tenant_id).order_by("joined_at", "pk")
        key.holder = rows.filter(user_id=key.created_by_id, role__in=_MAKERS).first()
        if key.holder is None:
            key.holder = rows.filter(role="owner").first()
            key.expires_at = until
        key.save(update_fields=["holder", "expires_at"])


class Migration(migrations.Migration):
    dependencies = [("tenants", "0009_pool_in_turn")]

    operations = [
        migrations.AddField(
            model_name="apikey",
            name="ended_because",
            field=models.CharField(
                blank=True,
                choices=[
                    ("revoked", "Revoked"),
                    ("right", "Ended with its holder's right"),
                    ("merged", "Ended when its holder's accounts became one"),
                ],
                db_default="",
                default="",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="apikey", name="expires_at", field=models.DateTimeField(null=True)
        ),
        migrations.AddField(
            model_name="apikey",
            name="expiry_warned_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="apikey",
            name="holder",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="api_keys",
                to="tenants.membership",
            ),
        ),
        migrations.AddField(
            model_name="apikey",
            name="scopes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=10),
                default=tenants.scopes.all_scopes,
                size=None,
            ),
        ),
        # Code of the version before goes on making keys while it is replaced.
        migrations.RunSQL(
            "ALTER TABLE tenants_apikey ALTER COLUMN scopes SET DEFAULT '{read,write,events}'",
            migrations.RunSQL.noop,
        ),
        migrations.RunPython(find_holders, migrations.RunPython.noop, elidable=True),
        # The foreign keys that it wrote, before the table is changed again.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                condition=models.Q(scopes__contained_by=_ALL) & ~models.Q(scopes=[]),
                name="a_key_has_known_scopes",
            ),
        ),
    ]
