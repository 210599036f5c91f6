"""Sealed statements compared with what rollups say now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Sum

from metering.asking.query import WrongQuestion, ask_stored
from metering.definitions.catalogue import meters
from metering.definitions.values import EXACT
from metering.models import Adjustment, Statement
from metering.statements.closing import questions
from tenants.models import Tenant


@dataclass(frozen=True)
class Restated:
    """A statement with its adjustments, and what the same question is answered by now."""

    statement: Statement
    said: Decimal
    said_count: int
    now: Decimal
    now_count: int

    @property
    def differs(self) -> bool:
        return (self.said, self.said_count) != (self.now, self.now_count)


def restated(tenant: Tenant, *, start: datetime, end: datetime) -> Iterator[Restated]:
    """Each statement of a period that touches this span, of meters that there still are.

    Raises StoreUnavailable.
    """
    rows = Statement.objects.for_tenant(tenant).filter(
        period_end__gt=start, period_start__lt=end, meter__in=meters()
    )
    statements = list(rows.order_by("number"))
    if not statements:
        return
    asked = [questions(each) for each in statements]
    try:
        answers = iter(ask_stored(tenant, *(one for each in asked for one in each)))
    except WrongQuestion:
        return  # raw events that it needs are archived: it stays what it was sealed as
    added = _added(statements)
    for statement, each in zip(statements, asked, strict=True):
        found = [next(answers)[0] for _ in each]
        value, count = found[0].value, found[0].count
        if found[1:]:
            value, count = EXACT.subtract(value, found[1].value), count - found[1].count
        more = added.get(statement.pk, (Decimal(0), 0))
        yield Restated(
            statement,
            EXACT.add(statement.value, more[0]),
            statement.count + more[1],
            value,
            count,
        )


def _added(statements: list[Statement]) -> dict[int, tuple[Decimal, int]]:
    rows = Adjustment.objects.filter(statement__in=statements).values("statement")
    found = rows.annotate(total=Sum("value"), events=Sum("count"))
    return {row["statement"]: (row["total"], row["events"]) for row in found}
