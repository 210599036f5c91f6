"""The one place where usage is read: a question about a meter, answered exactly.

A question is taken to pieces (`plan.py`): whole days, hours and minutes come from the rollups, the
rest (parts of a minute; for groups, parts of an hour) from raw events. So any two instants will do.
A meter whose rollups are not of this code's making (`trust.py`) is answered from raw events alone.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from events import Event
from events.conf import retention_days
from events.recording import HasSchema
from events.store import get_store
from events.waiting import newest
from metering import conf
from metering.definitions.catalogue import get
from metering.periods.windows import Window
from metering.rollups import rollups, trust
from metering.rollups.plan import Planned, WrongQuestion, plan
from metering.rollups.protocol import Found, Plan
from metering.rollups.question import Question

__all__ = ["Question", "Row", "Window", "WrongQuestion", "ask", "ask_each", "ask_stored"]


@dataclass(frozen=True)
class Row:
    """The meter's value in one window (UTC) and group; a group's value None: events without one.

    `count` is the number of events, `late` how many of them came late.
    """

    start: datetime | None
    end: datetime | None
    group: Mapping[str, str | None]
    value: Decimal
    count: int
    late: int


def ask(
    tenant: HasSchema | str, *questions: Question, now: datetime | None = None
) -> list[list[Row]]:
    """Answer each question about a workspace: what is stored, and what was accepted and is on its way.

    So whoever has just done something finds it counted. What waits is added by the same statement
    that adds up what is stored, by the meter's own definition, where its id is not stored yet.
    Otherwise as `ask_stored`.
    """
    schema = tenant if isinstance(tenant, str) else tenant.schema_name
    names = {get(question.meter).event for question in questions}
    return _answers(schema, questions, now=now, waiting=newest(schema, names))


def ask_stored(
    tenant: HasSchema | str | None, *questions: Question, now: datetime | None = None
) -> list[list[Row]]:
    """Answer each question about a workspace (None: over all of them), in one round trip.

    Of what is stored alone: for statements, and for whoever adds himself what waits.

    Rows are ordered by window, then by value, largest first. Windows and groups without an event
    are left out; a question without either always has its one row. `now` is where the windows of an
    open end stop.

    Raises KeyError (no such meter), WrongQuestion (in words), StoreUnavailable.
    """
    schema = tenant if isinstance(tenant, str | None) else tenant.schema_name
    return _answers(schema, questions, now=now)


def ask_each(asked: Sequence[tuple[str, Question]]) -> list[tuple[Decimal, int] | None]:
    """The value and number of events that each question says about its workspace (a schema), however
    many workspaces they are of: all together, of what is stored. Questions have one window and no groups.
    None: it cannot be answered any more (WrongQuestion, as `ask_stored` says).

    Raises KeyError, WrongQuestion (all together take too long), StoreUnavailable.
    """
    now = datetime.now(UTC)
    known: dict[Hashable, Planned | None] = {}
    plans: list[Plan] = []
    answerable: list[int] = []
    for number, (schema, question) in enumerate(asked):
        key = (question.meter, question.start, question.end)
        if key not in known:
            known[key] = _planned(schema, question, now=now)
        if (planned := known[key]) is not None:
            plans.append(replace(planned.plan, tenant=schema))
            answerable.append(number)
    found: list[tuple[Decimal, int] | None] = [None] * len(asked)
    for number, row in zip(answerable, rollups().answer_each(plans), strict=True):
        found[number] = (Decimal(0), 0) if row is None else (row.value, row.count)
    return found


def _planned(schema: str, question: Question, *, now: datetime) -> Planned | None:
    planned = plan(schema, question, now=now, raw_from=trust.raw_from(question.meter))
    try:
        _check_archive([planned], now=now)
    except WrongQuestion:
        return None
    return planned


def _answers(
    schema: str | None,
    questions: Sequence[Question],
    *,
    now: datetime | None,
    waiting: Sequence[Event] = (),
) -> list[list[Row]]:
    moment = now or datetime.now(UTC)
    planned = [
        plan(schema, question, now=moment, raw_from=trust.raw_from(question.meter))
        for question in questions
    ]
    _check_archive(planned, now=moment)
    found = rollups().answer([each.plan for each in planned], waiting=waiting)
    return [
        _rows(question, each, rows)
        for question, each, rows in zip(questions, planned, found, strict=True)
    ]


def _check_archive(planned: Sequence[Planned], *, now: datetime) -> None:
    """What only raw events can answer cannot be answered once they are archived."""
    first = min(
        (
            piece.start
            for each in planned
            for piece in each.plan.pieces.get("raw", ())
            if piece.start
        ),
        default=now,
    )
    days = retention_days()
    if not days or first > now - timedelta(days=days - 1):
        return
    since = get_store().retention.raw_since()
    if since is not None and first < since:
        raise WrongQuestion(
            f"Raw events before {since:%Y-%m-%d} are archived: before that, ask for whole minutes, "
            f"and with groups or filters, or for a unique count, for whole hours."
        )


def _rows(question: Question, planned: Planned, found: Sequence[Found]) -> list[Row]:
    if len(found) > planned.plan.most:
        raise WrongQuestion(
            f"The answer has more than {conf.most_rows():,} rows: ask for a shorter span, longer "
            f"windows or the top groups."
        )
    if not (found or question.window or question.group_by):
        found = [Found(0, (), Decimal(0), 0, 0)]
    ordered = sorted(found, key=lambda row: (row.window, -row.value, _sortable(row)))
    return [
        Row(
            *planned.windows[row.window],
            group=dict(zip(question.group_by, row.group, strict=True)),
            value=row.value,
            count=row.count,
            late=row.late,
        )
        for row in ordered
    ]


def _sortable(row: Found) -> list[str]:
    return ["" if value is None else value for value in row.group]
