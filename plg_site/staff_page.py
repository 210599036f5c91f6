"""What the staff page says about usage and about the log, ready for a template without logic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import redis

from events import conf, health, refusals
from events.errors import TransportUnavailable
from events.health import Lag
from events.reader import GROUP
from events.readers import Standing
from events.redis_client import quick
from events.store import StoreUnavailable
from events.transport import Keys
from metering.catalogue import Meter, meters
from metering.query import Question, ask_stored
from metering.words import quantity, size
from tenants.models import Tenant

TOP = 20
DEAD_SHOWN = 10
_ALIVE_MS = 15_000  # a consumer that has not asked for so long is not there
_SPANS = {"1": "24 hours", "7": "7 days", "30": "30 days"}


@dataclass(frozen=True)
class Total:
    """A meter over all workspaces."""

    label: str
    value: str
    note: str


@dataclass(frozen=True)
class Workspace:
    """One of the largest."""

    name: str
    host: str
    value: str
    share: str
    length: int


@dataclass(frozen=True)
class DeadLetter:
    """An event that cannot be stored: when it was put aside, and why. Never what it says."""

    at: datetime
    reason: str
    name: str


@dataclass(frozen=True)
class Consumer:
    """A process that moves events, and how long it has been quiet."""

    name: str
    pending: int
    quiet: str
    is_alive: bool


@dataclass(frozen=True)
class FollowerLine:
    """Who follows the log, and how far."""

    name: str
    badge: str
    kind: str  # of the badge
    behind: int
    lag: str
    trouble: str
    position: str

    @classmethod
    def of(cls, standing: Standing, now: datetime) -> FollowerLine:
        trouble = standing.trouble(now=now)
        badge, kind = ("look at it", "warn") if trouble else ("follows", "success")
        if standing.paused_at:
            badge, kind = "paused", "warn"
        lag = _span(standing.lag(now=now)) if standing.behind else ""
        position = standing.position or "none"
        return cls(standing.name, badge, kind, standing.behind, lag, trouble, position)


@dataclass(frozen=True)
class Choice:
    label: str
    url: str
    current: bool


@dataclass
class StaffPage:
    """Everything on the page."""

    at: datetime
    alarms: list[str] = field(default_factory=list)
    lag: Lag = field(default_factory=Lag)
    behind: str = ""
    fill: int = 0
    spool: str = ""
    spool_fill: int = 0
    consumers: Sequence[Consumer] = ()
    readers: Sequence[FollowerLine] = ()
    dead: Sequence[DeadLetter] = ()
    refused: Sequence[tuple[str, int]] = ()
    totals: Sequence[Total] = ()
    top: Sequence[Workspace] = ()
    meter: Meter | None = None
    span: str = ""
    meter_choices: Sequence[Choice] = ()
    span_choices: Sequence[Choice] = ()

    @classmethod
    def of(cls, *, meter_key: str = "", days: str = "", now: datetime | None = None) -> StaffPage:
        """The page now; what cannot be reached is an alarm on it."""
        now = now or datetime.now(UTC)
        page = cls(at=now)
        days = days if days in _SPANS else "1"
        page.meter = meters().get(meter_key) or _first()
        page.span = _SPANS[days]
        page.meter_choices = [
            Choice(meter.label, f"?meter={key}&days={days}", meter == page.meter)
            for key, meter in meters().items()
        ]
        page.span_choices = [
            Choice(label, f"?meter={page.meter.key}&days={key}", key == days)
            for key, label in _SPANS.items()
        ]
        _look_at_log(page, now)
        _look_at_usage(page, now, timedelta(days=int(days)))
        return page

    @property
    def is_well(self) -> bool:
        return not self.alarms


def _first() -> Meter:
    monthly = [meter for meter in meters().values() if meter.period == "month"]
    return monthly[0] if monthly else next(iter(meters().values()))


def _look_at_log(page: StaffPage, now: datetime) -> None:
    lag = page.lag = health.lag()
    behind = lag.behind(now=now)
    page.behind = _span(behind)
    page.fill = round(100 * lag.fill)
    bound = conf.spool_max_bytes()
    page.spool = f"{size(lag.spool_bytes)} of {size(bound)}"
    page.spool_fill = round(100 * lag.spool_bytes / bound) if bound else 100
    _ask_redis(page)
    page.readers = [FollowerLine.of(each, now) for each in health.readers()]
    page.alarms += [f"Reader {each.name} {each.trouble}." for each in page.readers if each.trouble]
    names = {"stream": "Redis", "outbox": "The database", "spool": "The spool folder"}
    page.alarms += [f"{names[what]} does not answer." for what in lag.unknown]
    if lag.fill >= health.FULL:
        page.alarms.append(f"The stream is {page.fill} % full; then events go to the spool.")
    if behind > health.BEHIND:
        page.alarms.append(f"The oldest event has waited for {_span(behind)}.")
    if lag.spool_bytes:
        page.alarms.append(f"{size(lag.spool_bytes)} of events wait in the spool of this machine.")
    if lag.dead:
        page.alarms.append(f"{lag.dead:,} events could not be stored: see “Dead letters”.")
    if "stream" not in lag.unknown and not any(each.is_alive for each in page.consumers):
        page.alarms.append("No consumer is running: events wait, and usage stands still.")


def _ask_redis(page: StaffPage) -> None:
    keys, client = Keys(conf.stream()), quick(conf.redis_url())
    try:
        page.consumers = [_consumer(each) for each in _groups(client, keys)]
        entries: Any = client.xrevrange(keys.dead, count=DEAD_SHOWN)
        page.dead = [_dead(entry_id, fields) for entry_id, fields in entries]
        refused: Mapping[str, int] = refusals.totals_stored()
        page.refused = sorted(refused.items(), key=lambda pair: -pair[1])
    except (redis.RedisError, OSError, TransportUnavailable):
        return  # the lag says so, too


def _groups(client: redis.Redis, keys: Keys) -> Sequence[Any]:
    try:
        found: Any = client.xinfo_consumers(keys.stream, GROUP)
    except redis.ResponseError:  # no consumer has been there yet
        return ()
    return found


def _consumer(found: Mapping[str, Any]) -> Consumer:
    quiet_ms = found["idle"]  # since it last asked, whether there was something or not
    return Consumer(
        name=found["name"].decode(),
        pending=found["pending"],
        quiet=_span(timedelta(milliseconds=quiet_ms)),
        is_alive=quiet_ms < _ALIVE_MS,
    )


def _dead(entry_id: bytes, fields: Mapping[bytes, bytes]) -> DeadLetter:
    at = datetime.fromtimestamp(int(entry_id.split(b"-")[0]) / 1000, UTC)
    reason = fields.get(b"reason", b"").decode("utf-8", "replace")
    word, _, words = reason.partition(":")
    return DeadLetter(at=at, reason=word, name=words.strip()[:160])


def _look_at_usage(page: StaffPage, now: datetime, span: timedelta) -> None:
    assert page.meter is not None  # noqa: S101
    meter, start = page.meter, now.replace(minute=0, second=0, microsecond=0) - span
    totals = [
        Question(meter=key, start=None if _is_level(each) else start)
        for key, each in meters().items()
    ]
    largest = Question(
        meter=meter.key,
        start=None if _is_level(meter) else start,
        group_by=("tenant",),
        top=TOP,
    )
    try:
        *answers, top = ask_stored(None, *totals, largest, now=now)
    except StoreUnavailable:
        page.alarms.append("The event store does not answer: usage cannot be shown.")
        return
    page.totals = [
        Total(
            label=each.label,
            value=quantity(each, int(rows[0].value)),
            note="now" if _is_level(each) else page.span,
        )
        for each, rows in zip(meters().values(), answers, strict=True)
    ]
    keys = list(meters())
    page.top = _workspaces(meter, top, whole=answers[keys.index(meter.key)][0].value)


def _workspaces(meter: Meter, rows: Sequence[Any], *, whole: Any) -> list[Workspace]:
    schemas = [row.group["tenant"] for row in rows]
    known = {
        tenant.schema_name: tenant for tenant in Tenant.objects.filter(schema_name__in=schemas)
    }
    most = max([row.value for row in rows], default=0)
    found = []
    for row in rows:
        tenant = known.get(row.group["tenant"])
        found.append(
            Workspace(
                name=tenant.name if tenant else "a workspace that is gone",
                host=tenant.slug if tenant else str(row.group["tenant"]),
                value=quantity(meter, int(row.value)),
                share=f"{100 * row.value / whole:.1f} %" if whole > 0 else "",
                length=max(0, round(100 * row.value / most)) if most > 0 else 0,
            )
        )
    return found


def _is_level(meter: Meter) -> bool:
    return meter.period == "lifetime"


def _span(span: timedelta) -> str:
    """Like "0.4 s", "12 s", "3 min" or "2 h"."""
    seconds = max(0.0, span.total_seconds())
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
