from django.db import migrations


class Migration(migrations.Migration):
    """Who pays already is asked about once: the periodic check writes down what they pay by the month, and
    the movement that it began with."""

    dependencies = [("billing", "0008_money_and_revenue")]

    operations = [
        migrations.RunSQL(
            "UPDATE billing_account SET must_ask = true WHERE subscription_id IS NOT NULL",
            reverse_sql=migrations.RunSQL.noop,
        )
    ]
