"""What the demo's workspace was billed for its clicks, made by a management command in a running stack."""

from __future__ import annotations

# A closed period of the demo's clicks, with what came late and was charged, and a difference.
STATED = """
from datetime import timedelta
from decimal import Decimal
from django.utils import timezone
from billing.models import Difference
from billing.usage import usage_charges
from metering.models import Adjustment, Ledger, Statement
from metering.statements import chain
from tenants.models import Tenant
tenant, now = Tenant.objects.get(slug="acme"), timezone.now()
ledger, _ = Ledger.objects.get_or_create(
    tenant=tenant, defaults={"closed_until": now - timedelta(days=2), "due": now + timedelta(days=28)}
)
def state(first, last, late=()):
    made = Statement(
        tenant=tenant, meter="clicks", period_start=now - timedelta(days=first),
        period_end=now - timedelta(days=last), cutoff=now, value=Decimal(500), count=500, included=100,
        price_amount=100, price_per=10, currency="usd",
    )
    chain.seal(made, late, ledger=ledger)
    return made
stated = state(30, 2)
state(60, 30, [Adjustment(tenant=tenant, statement=stated, value=Decimal(12), count=12)])
ledger.save()
usage_charges.charge(tenant)
Difference.objects.create(
    tenant=tenant, comparer="charges", key="k", what="clicks from 1 Nov 2026, charged", found=40_00,
    expected=41_20, unit="usd",
)
print("STATED")
"""
