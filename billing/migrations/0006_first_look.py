from django.db import migrations


class Migration(migrations.Migration):
    """Who pays already pays in that currency for good, and is asked about once: the periodic check makes
    the row of each subscription."""

    dependencies = [("billing", "0005_catalogue_and_state")]

    operations = [
        migrations.RunSQL(
            """
            UPDATE billing_account SET pays_in = currency, must_ask = true
            WHERE subscription_id IS NOT NULL
            """,
            reverse_sql=migrations.RunSQL.noop,
        )
    ]
