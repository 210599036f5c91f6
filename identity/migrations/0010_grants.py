import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


def properties_may_refresh(apps, schema_editor):
    """Properties were given refresh tokens that none of them could use."""
    Client = apps.get_model("allauth_idp_oidc", "Client")
    for client in Client.objects.exclude(id__startswith="domain-"):
        grants = client.grant_types.split("\n")
        if "refresh_token" not in grants:
            client.grant_types = "\n".join([*grants, "refresh_token"])
            client.save(update_fields=["grant_types"])


class Migration(migrations.Migration):

    dependencies = [
        ("identity", "0009_mailed_codes"),
        ("allauth_idp_oidc", "0003_client_allow_uri_wildcards"),
    ]

    operations = [
        migrations.CreateModel(
            name="Grant",
            fields=[
                ("id", models.CharField(max_length=36, primary_key=True, serialize=False)),
                ("client_id", models.CharField(db_index=True, max_length=100)),
                ("session_key", models.CharField(db_index=True, max_length=40)),
                ("sid", models.CharField(db_index=True, max_length=36)),
                ("signed_in_at", models.DateTimeField()),
                ("created_at", models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.RunPython(properties_may_refresh, migrations.RunPython.noop),
    ]
