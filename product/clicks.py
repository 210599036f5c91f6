"""Clicks of single links: the clicks meter, grouped by its dimension `link_id`.

There is no second counter that could disagree with the first. Every function returns None while the
event store cannot be reached, and pages say so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Literal, TypeVar
from uuid import UUID

import structlog

from events import Event
from events.postgres import is_told
from events.store import StoreUnavailable, get_store
from events.waiting import newest
from metering.asking import Question, ask
from metering.periods import floor, zone
from product.event_types import LINK_CLICKED
from tenants.models import Tenant

log = structlog.get_logger()
Result = TypeVar("Result")
METER, NOT_COUNTED, LINK = "clicks", "clicks_not_counted", "link_id"
_LOOKED_AT = 200
Step = Literal["day", "hour"]
_STEPS: dict[Step, timedelta] = {"day": timedelta(days=1), "hour": timedelta(hours=1)}


@dataclass(frozen=True)
class Bucket:
    """Clicks between `start` (UTC) and the next bucket."""

    start: datetime
    clicks: int


def _or_none(read: Callable[..., Result]) -> Callable[..., Result | None]:
    @wraps(read)
    def asking(*args: Any, **kwargs: Any) -> Result | None:
        try:
            return read(*args, **kwargs)
        except StoreUnavailable as error:
            if not is_told():
                log.warning("clicks.store_unavailable", error=str(error))
            return None

    return asking


@_or_none
def totals(tenant: Tenant, link_ids: Collection[UUID]) -> dict[UUID, int]:
    """All clicks ever of each of these links; a link without clicks has 0."""
    return _by_link(tenant, METER, link_ids)


@_or_none
def not_counted(tenant: Tenant, link_ids: Collection[UUID]) -> dict[UUID, int]:
    """The clicks ever of each of these links that do not count (counting.py)."""
    return _by_link(tenant, NOT_COUNTED, link_ids)


def _by_link(tenant: Tenant, meter: str, link_ids: Collection[UUID]) -> dict[UUID, int]:
    counts = dict.fromkeys(link_ids, 0)
    if not counts:
        return counts
    [rows] = ask(tenant, Question(meter=meter, filters=_only(link_ids), group_by=[LINK]))
    return counts | {UUID(row.group[LINK]): row.count for row in rows}


@_or_none
def over_time(
    tenant: Tenant, link_id: UUID, *, step: Step, buckets: int, now: datetime
) -> list[Bucket]:
    """The last `buckets` days or hours of a link up to and with `now`, oldest first, none left out."""
    width = _STEPS[step]
    last = floor(now, step, tz=zone("UTC"))
    starts = [last - width * n for n in reversed(range(buckets))]
    question = Question(
        meter=METER, start=starts[0], end=last + width, window=step, filters=_only([link_id])
    )
    [rows] = ask(tenant, question, now=now)
    counts = {row.start: row.count for row in rows}
    return [Bucket(start, counts.get(start, 0)) for start in starts]


@_or_none
def someone_else_clicked(tenant: Tenant, *, own_ids: Collection[UUID]) -> bool:
    """Whether anybody followed a link whose browser is none of `own_ids` (anonymous ids).

    A click that does not count, such as that of a chat which shows a preview, is nobody's.
    """
    ours = {str(own_id) for own_id in own_ids}
    waiting = newest(tenant.schema_name, [LINK_CLICKED.name])
    if any(click.anonymous_id not in ours and _counts(click) for click in waiting):
        return True
    found = get_store().find(
        tenant=tenant.schema_name,
        names=[LINK_CLICKED.name],
        not_anonymous_ids=list(ours),
        limit=_LOOKED_AT,
    )
    return any(map(_counts, found))


def _counts(click: Event) -> bool:
    return click.properties.get("counted") is not False


def _only(link_ids: Collection[UUID]) -> dict[str, list[str]]:
    return {LINK: [str(link_id) for link_id in link_ids]}
