"""What the months of statements cost: one statement each, or where prices changed, one for each part."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from billing.models import UsageCharge
from metering import Limit, price_of
from metering.definitions import EXACT, WHOLE, Part, PartCost, cost_of
from metering.models import Adjustment, Statement
from metering.periods import share


def terms_of(statement: Statement) -> Limit:
    """What the statement's period included, and the price above that."""
    return Limit(statement.included, hard=False, price=price_of(statement))


def of(statement: Statement) -> Sequence[Statement]:
    """All parts of the statement's month and meter, in their order; mostly itself alone."""
    if statement.month_start is None:
        return [statement]
    rows = Statement.objects.filter(tenant=statement.tenant_id, meter=statement.meter)
    return list(rows.filter(month_start=statement.month_start).order_by("period_start"))


def costs(
    month: Sequence[Statement], *, added: Mapping[int, Decimal] | None = None
) -> dict[int, PartCost]:
    """What each part (by its key) costs, with what adjustments have `added` to it."""
    more = added or {}
    known = [
        Part(terms_of(each), EXACT.add(each.value, more.get(each.pk, Decimal(0))), _share(each))
        for each in month
    ]
    found = cost_of(known, of_level=month[0].is_level)
    return {each.pk: cost for each, cost in zip(month, found, strict=True)}


def difference(adjustment: Adjustment) -> tuple[Decimal, int]:
    """What an adjustment changes: the quantity above what is included, and the amount, of its whole
    month with it less the same without it and all that came after it."""
    month = of(adjustment.statement)
    before = added_to(month, until=adjustment)
    after = defaultdict(Decimal, before)
    after[adjustment.statement_id] = EXACT.add(after[adjustment.statement_id], adjustment.value)
    was, now = costs(month, added=before).values(), costs(month, added=after).values()
    quantity = Decimal(0)
    for old, new in zip(was, now, strict=True):
        quantity = EXACT.add(quantity, EXACT.subtract(new.quantity, old.quantity))
    return quantity, sum(each.amount for each in now) - sum(each.amount for each in was)


def added_to(
    month: Sequence[Statement], *, until: Adjustment | None = None
) -> defaultdict[int, Decimal]:
    """What adjustments (before one of them) have added to each part."""
    rows = Adjustment.objects.filter(statement__in=month)
    if until is not None:
        rows = rows.filter(pk__lt=until.pk)
    found: defaultdict[int, Decimal] = defaultdict(Decimal)
    for pk, value in rows.values_list("statement_id", "value"):
        found[pk] = EXACT.add(found[pk], value)
    return found


def currency_of(statement: Statement) -> str:
    """The currency of a part without a price of its own: that of its month; "" where none has one."""
    return next((each.currency for each in of(statement) if each.currency), "")


def charged(month: Sequence[Statement]) -> int:
    """What the charges of a month come to, in minor units."""
    rows = UsageCharge.objects.filter(statement__in=month)
    return sum(rows.values_list("amount", flat=True))


def _share(statement: Statement) -> Fraction:
    if not statement.is_level or statement.month_start is None or statement.month_end is None:
        return WHOLE
    whole = (statement.month_start, statement.month_end)
    return share(statement.period_start, statement.period_end, of=whole)
