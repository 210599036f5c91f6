"""From metering's statements to what they cost: one row each, which is what is billed.

`metering.signals.period_closed` only says that there is something to do. What there is to do is
read from the rows, so a signal that is lost, comes twice or comes to two workers changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

import events
from billing.event_types import USAGE_BILLED
from billing.models import Account, MeteredPeriod, UsageCharge, UsageInvoice
from billing.usage import months
from metering.definitions import EXACT
from metering.models import Adjustment, Statement
from tenants.models import Tenant

_EVENT_IDS = UUID("0f2e4b9c-3a41-5c55-9d0e-7f6a1b2c3d4e")  # namespace of ids made from charges


@transaction.atomic
def charge(tenant: Tenant) -> int:
    """Make the charges that are missing, and one invoice a currency for those that cost something.

    Asks no one but our own database. Returns how many charges are new.
    """
    Account.objects.locked(Account.objects.of(tenant).pk)
    new = [*_statements(tenant), *_adjustments(tenant)]
    UsageCharge.objects.bulk_create(new)
    for one in new:
        _record(one)
    _put_on_invoices(tenant)
    return len(new)


def _statements(tenant: Tenant) -> Iterator[UsageCharge]:
    for statement in uncharged_statements().filter(tenant=tenant).order_by("number"):
        cost = months.costs(months.of(statement))[statement.pk]
        yield UsageCharge(
            tenant=tenant,
            statement=statement,
            quantity=cost.quantity,
            amount=cost.amount,
            currency=statement.currency,
            metered=_metered(statement),
        )


def _metered(statement: Statement) -> MeteredPeriod | None:
    """The period in which Stripe's meter bills it; never where its price changed within the month."""
    rows = MeteredPeriod.objects.filter(tenant=statement.tenant_id, meter=statement.meter)
    found = rows.filter(period_start=statement.period_start, state=MeteredPeriod.State.OPEN)
    return None if statement.month_start is not None else found.first()


def _adjustments(tenant: Tenant) -> Iterator[UsageCharge]:
    waiting = uncharged_adjustments().filter(tenant=tenant).order_by("pk")
    for adjustment in waiting.select_related("statement", "in_statement"):
        statement = adjustment.statement
        quantity, amount = months.difference(adjustment)
        yield UsageCharge(
            tenant=tenant,
            statement=statement,
            adjustment=adjustment,
            quantity=quantity,
            amount=amount,
            currency=statement.currency or months.currency_of(statement),
        )


def uncharged_statements() -> QuerySet[Statement]:
    """Statements with a price that no charge is for: those over what was included, and parts of a month,
    of which the whole month says what they cost."""
    own = UsageCharge.objects.filter(statement=OuterRef("pk"), adjustment=None)
    over = Q(value__gt=F("included")) | Q(month_start__isnull=False)
    return Statement.objects.filter(_has_price(), over).filter(~Exists(own))


def uncharged_adjustments() -> QuerySet[Adjustment]:
    """Adjustments that no charge is for, of statements with a price; or of a part without one, because
    what later parts of its month cost depends on it."""
    part = Q(statement__month_start__isnull=False)
    return Adjustment.objects.filter(_has_price("statement__") | part, charge=None)


def _has_price(of: str = "") -> Q:
    return Q(**{f"{of}price_amount__isnull": False}) | Q(**{f"{of}price_tiers__isnull": False})


def _put_on_invoices(tenant: Tenant) -> None:
    waiting = UsageCharge.objects.for_tenant(tenant).filter(invoice=None, metered=None)
    waiting = waiting.exclude(amount=0)
    for currency in sorted(set(waiting.values_list("currency", flat=True))):
        invoice = UsageInvoice.objects.create(tenant=tenant, currency=currency)
        waiting.filter(currency=currency).update(invoice=invoice)


def _record(charge: UsageCharge) -> None:
    if charge.tenant.purged_at is not None:
        return  # its log is removed, and nothing comes after
    events.record_with_row(
        USAGE_BILLED.name,
        id=uuid5(_EVENT_IDS, charge.key),
        tenant=charge.tenant,
        properties={
            "statement": charge.statement.hash,
            "meter": charge.statement.meter,
            "quantity": f"{EXACT.normalize(charge.quantity):f}",
            "amount": charge.amount,
            "currency": charge.currency,
        },
    )
