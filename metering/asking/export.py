"""A meter's numbers as CSV (RFC 4180), row by row: memory does not grow with the span."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from django.http import StreamingHttpResponse

from metering.asking.query import Question, Row, Window, ask
from metering.definitions.meter import Meter
from metering.periods.windows import split, zone
from metering.wording import names
from tenants import schema
from tenants.audit import Echo, safe
from tenants.models import Tenant

_AT_ONCE = {"minute": timedelta(hours=6), "hour": timedelta(days=7), "day": timedelta(days=100)}


def rows(tenant: Tenant, question: Question, *, window: Window) -> Iterator[str]:
    """Lines of CSV for this question in windows; each asks only for its part of the span.

    Times are ISO 8601 in the question's zone. Raises StoreUnavailable, WrongQuestion, KeyError;
    what can be raised for the first part is raised before the first line.
    """
    assert question.start and question.end  # noqa: S101, PT018
    parts = _parts(question, question.start, question.end, window)
    first = _part(tenant, next(parts))
    return _lines(tenant, question, window, first, parts)


def _lines(
    tenant: Tenant, question: Question, window: Window, first: list[Row],
    parts: Iterator[Question],
) -> Iterator[str]:  # fmt: skip
    write = csv.writer(Echo()).writerow
    dimensions = list(question.group_by)
    named = [column for key in dimensions for column in (key, f"{key}_name")]
    yield write(
        ["meter", "window", "time_zone", "start", "end", *named, "value", "events", "late_events"]
    )
    found = first
    while True:
        yield from _written(tenant, question, window, found, write)
        part = next(parts, None)
        if part is None:
            return
        found = _part(tenant, part)


def _written(
    tenant: Tenant, question: Question, window: Window, found: list[Row], write: object
) -> Iterator[str]:
    schema.enter(tenant)  # the names are in its tables; a streamed answer is made after its request
    try:
        readable = {
            key: names.of(tenant, key, {row.group[key] for row in found})
            for key in question.group_by
        }
    finally:
        schema.leave()
    for row in found:
        groups: list[str] = []
        for key in question.group_by:
            value = row.group[key]
            groups += [safe(value or ""), safe(readable[key][value])]
        times = [_local(row.start, question), _local(row.end, question)]
        number = f"{row.value:f}"
        yield write(  # type: ignore[operator]
            [
                question.meter,
                window,
                question.time_zone,
                *times,
                *groups,
                number,
                row.count,
                row.late,
            ]
        )


def response(
    tenant: Tenant, meter: Meter, question: Question, *, window: Window
) -> StreamingHttpResponse:
    """The file as an answer. Raises as `rows` does."""
    return StreamingHttpResponse(
        rows(tenant, question, window=window),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{file_name(meter, question)}"'},
    )


def file_name(meter: Meter, question: Question) -> str:
    """Like clicks-2026-05-01-2026-05-31.csv."""
    assert question.start and question.end  # noqa: S101, PT018
    tz = zone(question.time_zone)
    last = question.end - timedelta(microseconds=1)
    return (
        f"{meter.key}-{question.start.astimezone(tz):%Y-%m-%d}-{last.astimezone(tz):%Y-%m-%d}.csv"
    )


def _parts(
    question: Question, start: datetime, end: datetime, window: Window
) -> Iterator[Question]:
    """The question in spans that start with a window, none too long."""
    begin, until = start, start
    for _, until in split(start, end, window, tz=zone(question.time_zone)):
        if until - begin >= _AT_ONCE[window]:
            yield replace(question, start=begin, end=until, window=window)
            begin = until
    if until > begin:
        yield replace(question, start=begin, end=until, window=window)


def _part(tenant: Tenant, question: Question) -> list[Row]:
    [found] = ask(tenant, question)
    return found


def _local(moment: datetime | None, question: Question) -> str:
    return moment.astimezone(zone(question.time_zone)).isoformat() if moment else ""
