"""Rows of a meter in OpenMeter's shapes: JSON (MeterQueryResult) and CSV."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from ninja import Schema
from pydantic import Field

from metering.asking.query import Question, Row
from tenants.audit import safe


class AnswerRow(Schema):
    """The meter's value in one window and group."""

    value: float
    windowStart: datetime | None = Field(description="None: since the first event.")
    windowEnd: datetime | None = Field(description="None: until the last event.")
    subject: str | None = Field(description="The workspace's id, where subject was asked for.")
    groupBy: dict[str, str | None]


class Answer(Schema):
    """What was asked, and the rows, by window; within one the largest group first."""

    from_: datetime | None = Field(alias="from")
    to: datetime | None
    windowSize: str | None
    data: list[AnswerRow]


# What the answer may be instead, for the OpenAPI document.
AS_CSV: dict[str, Any] = {
    "responses": {
        200: {
            "content": {
                "text/csv": {
                    "schema": {"type": "string"},
                    "example": "window_start,window_end,subject,currency,value\n,,,EUR,2\n",
                }
            }
        }
    }
}


def as_json(question: Question, rows: Sequence[Row], *, subject: str | None) -> dict[str, Any]:
    """The answer as OpenMeter gives it, ready to be encoded."""
    return {
        "from": _time(question.start),
        "to": _time(question.end),
        "windowSize": question.window.upper() if question.window else None,
        "data": [
            {
                "value": _number(row.value),
                "windowStart": _time(row.start),
                "windowEnd": _time(row.end),
                "subject": subject,
                "groupBy": dict(row.group),
            }
            for row in rows
        ],
    }


def as_csv(question: Question, rows: Sequence[Row], *, subject: str | None) -> HttpResponse:
    """One line a row; values are exact, however many digits they have."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{question.meter}.csv"'
    writer = csv.writer(response)
    writer.writerow(["window_start", "window_end", "subject", *question.group_by, "value"])
    for row in rows:
        groups = [safe(row.group[name] or "") for name in question.group_by]
        writer.writerow([_time(row.start), _time(row.end), subject, *groups, f"{row.value:f}"])
    return response


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _number(value: Decimal) -> int | float:
    whole = int(value)
    return whole if whole == value else float(value)
