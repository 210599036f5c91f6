import django.db.models.deletion
import django.utils.timezone
import uuid_utils.compat
from django.conf import settings
from django.db import migrations, models

import identity.addresses


class Migration(migrations.Migration):
    dependencies = [("identity", "0004_addresses_stay_normal")]

    operations = [
        migrations.CreateModel(
            name="Beginning",
            fields=[
                ("user", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name="beginning", serialize=False, to=settings.AUTH_USER_MODEL)),
                ("email", identity.addresses.AddressField(max_length=254)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("client_address", models.GenericIPAddressField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("to_ask", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="Merge",
            fields=[
                ("id", models.UUIDField(default=uuid_utils.compat.uuid7, editable=False, primary_key=True, serialize=False)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("moved", models.JSONField(default=dict)),
                ("kept", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="joined", to=settings.AUTH_USER_MODEL)),
                ("merged", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="joined_into", to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddConstraint(
            model_name="beginning",
            constraint=models.CheckConstraint(condition=models.Q(("email__regex", "^[!-@[-~]*$")), name="beginning_email_is_normal"),
        ),
    ]
