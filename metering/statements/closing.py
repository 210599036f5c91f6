"""Closes periods: a statement of each meter, immutable, and what comes later as an adjustment.

    close_due()          # each minute or so, in as many processes as there are
    verify()             # the chains are whole

A period is stated once the grace after its end is over (METERING_CLOSE_AFTER) and nothing that was
accepted before its end still waits for the store. Events that come for it even later are found when
the next period is closed: at that moment, statements and adjustments together say exactly what the
raw events say.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Sum
from django_tenants.utils import get_public_schema_name

from events import health
from events.event import OLDEST
from events.health import Lag
from events.store import StoreUnavailable, get_store
from metering import conf, periods
from metering.asking.query import Question, ask_stored
from metering.definitions.catalogue import get, meters
from metering.definitions.limit import price_of
from metering.definitions.meter import Meter
from metering.definitions.values import EXACT
from metering.models import Adjustment, Ledger, Statement
from metering.periods import Month, cycles, parts, terms
from metering.signals import period_closed
from metering.statements.chain import seal
from tenants import jobs
from tenants.models import Status, Tenant

log = structlog.get_logger()

_MONTH = timedelta(days=31)
_OPEN_FOR = OLDEST + _MONTH  # events of a period can come until then after its end
# From the first day of the oldest of these periods; days are archived whole.
RAW_FOR = _OPEN_FOR + _MONTH + timedelta(days=1)


def close_due(
    *, now: datetime | None = None, lag: Callable[[], Lag] = health.lag
) -> list[Statement]:
    """Close every period that is due. Two who do so at once share the work; none is closed twice.

    Returns the statements made. What cannot be counted now is left for the next time.
    """
    now = now or datetime.now(UTC)
    _open_ledgers()
    # Of one that is being purged the events go first: nothing is counted from what is left.
    living = Ledger.objects.filter(tenant__purged_at=None).exclude(tenant__status=Status.PURGING)
    due = living.filter(due__lte=now - conf.close_after()).order_by("due", "pk")
    made: list[Statement] = []
    waiting = _Waiting(lag)
    for tenant_id in list(due.values_list("pk", flat=True)):
        try:
            while statements := _close_next(tenant_id, now=now, waiting=waiting):
                made += statements
        except StoreUnavailable as error:
            log.warning("periods_not_closed", error=str(error))
            break
        except Exception as error:  # one must not keep the others from their statements
            jobs.row_failed("periods.close", tenant_id, error)
    return made


class _Waiting:
    """Whether something that was accepted before an instant still waits for the store."""

    def __init__(self, lag: Callable[[], Lag]) -> None:
        self._lag = lag
        self._found: Lag | None = None

    def before(self, end: datetime) -> bool:
        if self._found is None:
            self._found = self._lag()
        if self._found.unknown:
            return True
        return self._found.oldest is not None and self._found.oldest < end


def _open_ledgers() -> None:
    """A workspace's first period is the one in which it was made."""
    new = Tenant.objects.filter(ledger=None).exclude(schema_name=get_public_schema_name())
    for tenant in new.only("pk", "schema_name", "created_at"):
        try:
            _open_ledger(tenant)
        except Exception as error:  # as above
            jobs.row_failed("ledgers.open", tenant.pk, error)


@transaction.atomic
def _open_ledger(tenant: Tenant) -> None:
    # Not while its cycle changes: the end of the period would be an old one.
    locked = Tenant.objects.select_for_update(no_key=True).filter(pk=tenant.pk)
    if locked.first() is None:
        return
    first = periods.within(cycles.read(tenant.schema_name), now=tenant.created_at)
    Ledger.objects.get_or_create(
        tenant=tenant, defaults={"closed_until": first.start, "due": first.end}
    )


def _close_next(tenant_id: UUID, *, now: datetime, waiting: _Waiting) -> list[Statement]:
    """Close the oldest period of a workspace that is due; nothing when none is, or it must wait."""
    with transaction.atomic():
        rows = Ledger.objects.select_for_update(skip_locked=True, of=["self"])
        due = rows.filter(pk=tenant_id, due__lte=now - conf.close_after())
        ledger = due.select_related("tenant").first()
        if ledger is None or waiting.before(ledger.due):
            return []
        tenant = ledger.tenant
        history = cycles.read(tenant.schema_name)
        period = periods.within(history, now=ledger.closed_until)
        if period.end > now - conf.close_after():
            Ledger.objects.for_tenant(tenant).update(due=period.end)  # its cycles say otherwise
            return []
        ledger.due = period.end
        statements = _state(ledger, tenant, period, now)
        ledger.closed_until = period.end
        ledger.due = periods.within(history, now=period.end).end
        ledger.save()
        transaction.on_commit(
            partial(period_closed.send_robust, Statement, tenant=tenant, statements=statements)
        )
    log.info("period_closed", schema=tenant.schema_name, end=str(period.end), made=len(statements))
    return statements


def _state(ledger: Ledger, tenant: Tenant, period: Month, now: datetime) -> list[Statement]:
    """The statements of a period, and the adjustments of those before it."""
    in_force, cut = terms.at(tenant, period.end), parts.of(tenant, period)
    stated = [
        (key, cut.get(key) or [parts.Part(period.start, period.end, in_force.get(key))])
        for key, meter in meters().items()
        if _is_stated(meter, cut.get(key, ()))
    ]
    earlier = _adjustable(tenant, [key for key, _ in stated], now)
    ends = [_question(key, period.start, part.end) for key, cuts in stated for part in cuts]
    again = [each for one in earlier for each in questions(one)]
    answers = ask_stored(tenant, *ends, *again, now=now)
    rows = [_Counted(answer[0].value, answer[0].count) for answer in answers]
    adjustments = _adjustments(earlier, iter(rows[len(ends) :]))
    made, counted = [], iter(rows)
    for key, cuts in stated:
        own = [each for each in adjustments if each.statement.meter == key]
        before = _Counted()
        for part in cuts:
            until = next(counted)
            found = until if _is_level(key) else until.less(before)
            statement = _statement(tenant, key, period, part, found, now, is_only=len(cuts) == 1)
            seal(statement, own, ledger=ledger)
            made.append(statement)
            before, own = until, []
    return made


@dataclass(frozen=True)
class _Counted:
    """A meter's value over a span, and of how many events."""

    value: Decimal = Decimal(0)
    count: int = 0

    def less(self, before: _Counted) -> _Counted:
        return _Counted(EXACT.subtract(self.value, before.value), self.count - before.count)


def _statement(
    tenant: Tenant, key: str, month: Month, part: parts.Part, found: _Counted, now: datetime,
    *, is_only: bool,
) -> Statement:  # fmt: skip
    return Statement(
        tenant=tenant,
        meter=key,
        period_start=part.start,
        period_end=part.end,
        cutoff=now,
        value=found.value,
        count=found.count,
        month_start=None if is_only else month.start,
        month_end=None if is_only else month.end,
        is_level=_is_level(key) and not is_only,
        **terms.said(part.terms),
    )


def _is_stated(meter: Meter, cuts: Iterable[parts.Part]) -> bool:
    """What is counted by the month, and of what exists (bytes, things) that which costs something: by
    what there is at the end of the period, or of each part of it."""
    if meter.period == "month":
        return True
    return any(part.terms is not None and price_of(part.terms) is not None for part in cuts)


def _is_level(key: str) -> bool:
    return get(key).period != "month"


def _question(key: str, start: datetime, end: datetime) -> Question:
    """What the meter had counted from the start, or ever when it never starts again, to the end."""
    return Question(meter=key, start=start if get(key).period == "month" else None, end=end)


def questions(statement: Statement) -> list[Question]:
    """What says again what the statement said; of a part of a month, what there was before it, too."""
    start = statement.month_start or statement.period_start
    found = [_question(statement.meter, start, statement.period_end)]
    if _is_increment(statement):
        found.append(_question(statement.meter, start, statement.period_start))
    return found


def _is_increment(statement: Statement) -> bool:
    """Whether it says what a later part of a month added to it."""
    if statement.month_start is None or _is_level(statement.meter):
        return False
    return statement.month_start < statement.period_start


def _adjustable(tenant: Tenant, keys: Collection[str], now: datetime) -> list[Statement]:
    """Closed periods that events may still come for, and that can still be counted exactly. Of these
    meters, which have a statement now: an adjustment is billed in one of the same meter."""
    statements = Statement.objects.for_tenant(tenant).filter(
        meter__in=keys, period_end__gt=now - _OPEN_FOR
    )
    since = get_store().retention.raw_since()
    return [
        each
        for each in statements.order_by("number")
        if since is None or since <= each.period_start or _is_whole(each)
    ]


def _is_whole(statement: Statement) -> bool:
    """Whether rollups alone say what the period had, also when its raw events are archived."""
    start = statement.month_start or statement.period_start
    edges = (start, statement.period_start, statement.period_end)
    return not any(edge.second or edge.microsecond for edge in edges)


def _adjustments(earlier: Sequence[Statement], rows: Iterator[_Counted]) -> list[Adjustment]:
    """What the raw events say now (the answers to `questions`), less what was said before."""
    said = {
        found["statement"]: (found["total"], found["events"])
        for found in Adjustment.objects.filter(statement__in=earlier)
        .values("statement")
        .annotate(total=Sum("value"), events=Sum("count"))
    }
    found = []
    for statement in earlier:
        row = next(rows)
        if _is_increment(statement):
            row = row.less(next(rows))
        total, events = said.get(statement.pk, (Decimal(0), 0))
        value = row.value - statement.value - total
        count = row.count - statement.count - events
        if value or count:
            found.append(
                Adjustment(tenant=statement.tenant, statement=statement, value=value, count=count)
            )
    return found
