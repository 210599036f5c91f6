"""Clicks of single links, read from the event store.

The clicks meter knows the sum of a workspace. What a single link got is asked of the raw events, by
their property `link_id`: there is no second counter that could disagree with the first. Every
function returns None while the event store cannot be reached, and pages say so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, Literal, TypeVar
from uuid import UUID

import structlog

from events.store import StoreUnavailable, get_store
from product.event_types import LINK_CLICKED
from tenants.models import Tenant

log = structlog.get_logger()
Result = TypeVar("Result")
Step = Literal["day", "hour"]
_STEPS: dict[Step, timedelta] = {"day": timedelta(days=1), "hour": timedelta(hours=1)}


@dataclass(frozen=True)
class Bucket:
    """Clicks between `start` (UTC) and the next bucket."""

    start: datetime
    clicks: int


def _or_none(ask: Callable[..., Result]) -> Callable[..., Result | None]:
    @wraps(ask)
    def asking(*args: Any, **kwargs: Any) -> Result | None:
        try:
            return ask(*args, **kwargs)
        except StoreUnavailable as error:
            log.warning("clicks.store_unavailable", error=str(error))
            return None

    return asking


@_or_none
def totals(tenant: Tenant, link_ids: Collection[UUID]) -> dict[UUID, int]:
    """All clicks ever of each of these links; a link without clicks has 0."""
    counts = dict.fromkeys(link_ids, 0)
    if not counts:
        return counts
    rows = _rows(
        """SELECT properties->>'link_id', count(*) FROM event
           WHERE tenant = %s AND name = %s AND properties->>'link_id' = ANY(%s) GROUP BY 1""",
        [tenant.schema_name, LINK_CLICKED.name, [str(link_id) for link_id in link_ids]],
    )
    return counts | {UUID(link_id): count for link_id, count in rows}


@_or_none
def over_time(
    tenant: Tenant, link_id: UUID, *, step: Step, buckets: int, now: datetime
) -> list[Bucket]:
    """The last `buckets` days or hours of a link up to and with `now`, oldest first, none left out."""
    width = _STEPS[step]
    last = _floor(now, step)
    first = last - width * (buckets - 1)
    rows = _rows(
        """SELECT date_trunc(%s, time, 'UTC'), count(*) FROM event
           WHERE tenant = %s AND name = %s AND time >= %s AND properties->>'link_id' = %s
           GROUP BY 1""",
        [step, tenant.schema_name, LINK_CLICKED.name, first, str(link_id)],
    )
    counts = dict(rows)
    starts = [first + width * n for n in range(buckets)]
    return [Bucket(start, counts.get(start, 0)) for start in starts]


@_or_none
def someone_else_clicked(tenant: Tenant, *, own_ids: Collection[UUID]) -> bool:
    """Whether anybody followed a link whose browser is none of `own_ids` (anonymous ids)."""
    rows = _rows(
        """SELECT EXISTS (SELECT FROM event WHERE tenant = %s AND name = %s
           AND (anonymous_id IS NULL OR anonymous_id <> ALL(%s)))""",
        [tenant.schema_name, LINK_CLICKED.name, [str(own_id) for own_id in own_ids]],
    )
    return bool(rows[0][0])


def _floor(moment: datetime, step: Step) -> datetime:
    start = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return start if step == "hour" else start.replace(hour=0)


def _rows(query: str, params: Sequence[object]) -> list[tuple[Any, ...]]:
    with get_store().connection() as connection:
        return connection.execute(query, params).fetchall()
