"""Sealed statements compared with what rollups say now."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Sum

from metering.asking.query import Question, WrongQuestion, ask_each, ask_stored
from metering.definitions.catalogue import meters
from metering.definitions.values import EXACT
from metering.models import Adjustment, Statement
from metering.statements.closing import questions
from tenants.models import Tenant

_SAID = ("pk", "tenant_id", "value", "count", "meter", "period_start", "period_end", "month_start")
_WHEN = _SAID.index("meter")  # from here on: what its questions depend on
_Counted = tuple[Decimal, int]


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


def restated_otherwise(
    tenants: Mapping[UUID, str], *, start: datetime, end: datetime
) -> Collection[UUID]:
    """Of many workspaces (schemas by id) those of which `restated` has something that differs, or is
    not answered any more: asked about all of them together. Raises StoreUnavailable."""
    rows = Statement.objects.filter(
        tenant__in=tenants, period_end__gt=start, period_start__lt=end, meter__in=meters()
    )
    known: dict[Hashable, list[Question]] = {}  # a month is the same for many
    asked: list[tuple[str, Question]] = []
    said: list[tuple[Any, int]] = []
    for row in rows.values_list(*_SAID, named=True):
        key = row[_WHEN:]
        if key not in known:
            known[key] = questions(row)
        asked += [(tenants[row.tenant_id], question) for question in known[key]]
        said.append((row, len(known[key])))
    try:
        answers = iter(ask_each(asked))
    except WrongQuestion:
        return {row.tenant_id for row, _ in said}
    added = _added([row.pk for row, _ in said])
    found: set[UUID] = set()
    for row, number in said:
        now, *before = [next(answers) for _ in range(number)]
        more = added.get(row.pk, (Decimal(0), 0))
        stated = (EXACT.add(row.value, more[0]), row.count + more[1])
        if now is None or None in before or stated != _less(now, before):
            found.add(row.tenant_id)
    return found


def _less(now: _Counted, before: Sequence[_Counted | None]) -> _Counted:
    for each in before:
        if each is not None:
            now = EXACT.subtract(now[0], each[0]), now[1] - each[1]
    return now


def _added(statements: Sequence[Statement] | Sequence[int]) -> dict[int, tuple[Decimal, int]]:
    rows = Adjustment.objects.filter(statement__in=statements).values("statement")
    found = rows.annotate(total=Sum("value"), events=Sum("count"))
    return {row["statement"]: (row["total"], row["events"]) for row in found}
