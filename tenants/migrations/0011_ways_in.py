import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


def end_without_right(apps, schema_editor):
    """Invitations and offers whose maker may not make them any more end now, as later ones will."""
    Membership = apps.get_model("tenants", "Membership")
    Invitation = apps.get_model("tenants", "Invitation")
    OwnershipOffer = apps.get_model("tenants", "OwnershipOffer")
    inviters = Membership.objects.filter(
        tenant=models.OuterRef("tenant"),
        user=models.OuterRef("invited_by"),
        role__in=["owner", "admin"],
    )
    Invitation.objects.filter(~models.Exists(inviters), accepted_at=None).delete()
    owners = Membership.objects.filter(
        tenant=models.OuterRef("tenant"), user=models.OuterRef("by"), role="owner"
    )
    OwnershipOffer.objects.filter(~models.Exists(owners)).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0010_api_keys"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="KeptOut",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("address_hash", models.CharField(max_length=64)),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="kept_out",
                        to="tenants.tenant",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "address_hash"), name="kept_out_once_an_address"
                    )
                ]
            },
        ),
        migrations.AddField(
            model_name="import",
            name="beyond_plan",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.RunPython(end_without_right, migrations.RunPython.noop, elidable=True),
    ]
