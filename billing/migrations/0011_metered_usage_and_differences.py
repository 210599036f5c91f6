import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0010_failed_money_and_contacts"),
        ("metering", "0005_parts_of_months"),
        ("tenants", "0018_names"),
    ]

    operations = [
        migrations.CreateModel(
            name="MeteredPeriod",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("meter", models.CharField(max_length=60)),
                ("period_start", models.DateTimeField()),
                ("period_end", models.DateTimeField()),
                ("begins", models.DateTimeField(verbose_name="the item counts events from here on")),
                ("exported_until", models.DateTimeField()),
                ("customer_id", models.CharField(max_length=255)),
                ("subscription_id", models.CharField(max_length=255)),
                ("price_id", models.CharField(max_length=255)),
                ("stripe_meter_id", models.CharField(max_length=255)),
                ("invoice_id", models.CharField(blank=True, db_default="", default="", max_length=255)),
                ("state", models.CharField(choices=[("open", "being sent"), ("billed", "on a finalized invoice"), ("given_up", "billed from its statements")], default="open", max_length=10)),
                (
                    "has_item",
                    models.BooleanField(
                        db_default=True, default=True, verbose_name="its item is on the subscription"
                    ),
                ),
                ("made_at", models.DateTimeField(auto_now_add=True)),
                ("tenant", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="metered_periods", to="tenants.tenant")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("tenant", "meter", "period_start"), name="one_metered_period")],
            },
        ),
        migrations.CreateModel(
            name="MeterExport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("meter", models.CharField(max_length=60)),
                ("hour", models.DateTimeField(verbose_name="the first instant of what it counts")),
                ("until", models.DateTimeField(verbose_name="the first instant that it does not count")),
                ("revision", models.PositiveSmallIntegerField(default=0)),
                ("quantity", models.BigIntegerField()),
                ("late", models.BigIntegerField(default=0, verbose_name="of it, from before this hour")),
                ("timestamp", models.DateTimeField()),
                ("identifier", models.CharField(max_length=100, unique=True)),
                ("state", models.CharField(choices=[("written", "to be sent"), ("sent", "Stripe has it"), ("withdrawing", "to be taken back"), ("withdrawn", "taken back")], default="written", max_length=11)),
                ("written_at", models.DateTimeField(auto_now_add=True)),
                ("tried_at", models.DateTimeField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                ("period", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="exports", to="billing.meteredperiod")),
                ("tenant", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="meter_exports", to="tenants.tenant")),
            ],
            options={
                "indexes": [models.Index(fields=["period", "hour"], name="exports_of_a_period")],
                "constraints": [models.UniqueConstraint(fields=("tenant", "meter", "hour", "revision"), name="one_export_an_hour")],
            },
        ),
        migrations.CreateModel(
            name="Difference",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("comparer", models.CharField(max_length=60)),
                ("key", models.CharField(max_length=200)),
                ("what", models.CharField(max_length=300)),
                ("meter", models.CharField(blank=True, max_length=60)),
                ("period_start", models.DateTimeField(null=True)),
                ("period_end", models.DateTimeField(null=True)),
                ("expected", models.DecimalField(decimal_places=30, max_digits=76, null=True)),
                ("found", models.DecimalField(decimal_places=30, max_digits=76, null=True)),
                ("unit", models.CharField(blank=True, max_length=20)),
                ("first_seen_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("last_seen_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("settled_at", models.DateTimeField(null=True)),
                ("tenant", models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name="differences", to="tenants.tenant")),
            ],
            options={
                "indexes": [models.Index(fields=["settled_at", "-last_seen_at"], name="open_differences")],
                "constraints": [models.UniqueConstraint(condition=models.Q(("settled_at", None)), fields=("tenant", "comparer", "key"), name="one_row_a_difference", nulls_distinct=False)],
            },
        ),
        migrations.AddField(
            model_name="usagecharge",
            name="metered",
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="charges", to="billing.meteredperiod"),
        ),
    ]
