import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import identity.addresses



class Migration(migrations.Migration):
    """What a failed payment means, and who is told of it. Whoever is in arrears now is asked about by the
    next check; who was called unpaid had lost the plan, and goes on without it until then."""

    dependencies = [
        ("billing", "0009_first_movements"),
        ("tenants", "0018_names"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "account",
            "past_due_since",
            models.DateTimeField(
                null=True, verbose_name="the oldest unpaid invoice is open since"
            ),
        ),
        migrations.AddField(
            "account",
            "grace_ended",
            models.BooleanField(
                db_default=False, default=False, verbose_name="the plan is lost until it is paid"
            ),
        ),
        migrations.AddField(
            "account",
            "owed",
            models.BigIntegerField(
                db_default=0, default=0, verbose_name="not paid of its invoices"
            ),
        ),
        migrations.AddField(
            "account",
            "asks_to_confirm",
            models.BooleanField(
                db_default=False,
                default=False,
                verbose_name="the card's bank waits for its holder",
            ),
        ),
        migrations.AddField(
            "account",
            "offer_taken_at",
            models.DateTimeField(
                null=True, verbose_name="what is offered to who cancels was taken"
            ),
        ),
        migrations.CreateModel(
            name="BillingContact",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("email", identity.addresses.AddressField(max_length=254)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("confirmed_at", models.DateTimeField(null=True)),
                (
                    "added_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="billing_contacts",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "email"), name="one_contact_an_address"
                    ),
                    identity.addresses.constraint("billing_contact_email_is_normal"),
                ]
            },
        ),
        migrations.RunSQL(
            """
            UPDATE billing_account SET must_ask = true, grace_ended = (status = 'unpaid')
            WHERE status IN ('past_due', 'unpaid')
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
