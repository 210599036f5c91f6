"""How the event log is doing, ready for a template without logic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import redis
from django.template.defaultfilters import filesizeformat

from events import conf, health, refusals
from events.errors import TransportUnavailable
from events.health import Lag
from events.readers import Standing
from events.redis import Keys, quick
from events.transport import CONSUMERS

DEAD_SHOWN = 10
_ALIVE_MS = 15_000  # a consumer that has not asked for so long is not there


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


@dataclass
class LogPage:
    """Everything on the page. Of events only numbers and reasons: never what they say."""

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

    @classmethod
    def of(cls, *, now: datetime | None = None) -> LogPage:
        """The log now; what cannot be reached is an alarm."""
        now = now or datetime.now(UTC)
        page = cls(at=now)
        _look_at_log(page, now)
        return page

    @property
    def is_well(self) -> bool:
        return not self.alarms


def _look_at_log(page: LogPage, now: datetime) -> None:
    lag = page.lag = health.lag()
    behind = lag.behind(now=now)
    page.behind = _span(behind)
    page.fill = round(100 * lag.fill)
    bound = conf.spool_max_bytes()
    page.spool = f"{filesizeformat(lag.spool_bytes)} of {filesizeformat(bound)}"
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
        page.alarms.append(
            f"{filesizeformat(lag.spool_bytes)} of events wait in the spool of this machine."
        )
    if lag.dead:
        page.alarms.append(f"{lag.dead:,} events could not be stored: see “Dead letters”.")
    if "stream" not in lag.unknown and not any(each.is_alive for each in page.consumers):
        page.alarms.append("No consumer is running: events wait, and usage stands still.")


def _ask_redis(page: LogPage) -> None:
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
        found: Any = client.xinfo_consumers(keys.stream, CONSUMERS)
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


def _span(span: timedelta) -> str:
    """Like "0.4 s", "12 s", "3 min" or "2 h"."""
    seconds = max(0.0, span.total_seconds())
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
