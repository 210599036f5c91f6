"""The level of pressure, 0 to 3, as this process knows it.

A row of PostgreSQL says it, Redis has a copy, and each process looks there once a second
(`rounds.py`): `level()` reads what is in memory, and waits for nobody. When Redis does not answer,
the row is asked; when that does not either, what was known last holds.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, cast

import msgspec
import structlog
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connections

from events import conf
from events.redis import UNAVAILABLE, Circuit, Keys, Script, quick
from events.shedding import rounds

log = structlog.get_logger()
HIGHEST = 3

# Keeps what is newer. ARGV: the version, what it says, 1 where it holds whatever the other one is (of a
# database that was restored, versions are lower than they were).
_TELL = Script(
    """
local old = redis.call('HGET', KEYS[1], 'version')
if old and tonumber(old) > tonumber(ARGV[1]) and ARGV[3] ~= '1' then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'says', ARGV[2])
return 1
""",
    when_full=True,
)


class Standing(msgspec.Struct, frozen=True):
    """What was decided last.

    `own` is the level that the signals have led to. By hand somebody has said `hand` until `until`
    (aware; both None: nobody has): there is at least so much, and 0 says that there is none whatever
    the signals say. `by`, `because` and `at` are of the last change, which has the number `version`.
    """

    version: int = 0
    own: int = 0
    hand: int | None = None
    until: datetime | None = None
    by: str = ""
    because: str = ""
    at: datetime | None = None

    def is_by_hand(self, now: datetime) -> bool:
        """Whether what somebody has said holds at this moment."""
        return self.hand is not None and self.until is not None and now < self.until

    def level(self, now: datetime) -> int:
        if not self.is_by_hand(now):
            return self.own
        return max(self.hand or 0, self.own) if self.hand else 0


CALM = Standing()
_known: Standing = CALM
_redis, _database = Circuit("pressure"), Circuit("pressure row", retry_after=5.0)


def level(*, now: datetime | None = None) -> int:
    """0 to 3, at most two seconds old."""
    follow()
    return _known.level(now or datetime.now(UTC))


def follow() -> None:
    """Look now (half a second at most), and once a second from now on."""
    rounds.begin(look_at_copy)


def known() -> Standing:
    """What this process knows."""
    return _known


def look() -> Standing:
    """Look now: at the copy, else at the row. What neither says stays as it is."""
    found = _from_redis()
    if found is None:
        found = _from_database()
        if found is not None:
            tell(found)
    return _keep(found) if found else _known


def look_at_copy() -> None:
    """Look at the copy alone, which takes half a second at most."""
    if found := _from_redis():
        _keep(found)


def tell(standing: Standing, *, surely: bool = False) -> None:
    """Give it to this process, and to the others by Redis, unless they know of something newer.

    `surely`: it was just read from the row, so it holds."""
    _keep(standing)
    if _redis.is_open:
        return
    says = msgspec.json.encode(standing)
    try:
        _TELL.run(quick(conf.redis_url()), [_key()], [standing.version, says, int(surely)])
    except UNAVAILABLE:
        _redis.failed()


def stored() -> Standing:
    """What the row says. Raises DatabaseError, InterfaceError."""
    from events.models import PressureChange  # importable only once Django is set up

    fields = Standing.__struct_fields__
    row = PressureChange.objects.order_by("-version").values(*fields).first()
    return Standing(**row) if row else CALM


def forget() -> None:
    """As a process that has just begun."""
    global _known, _redis, _database
    _known = CALM
    _redis, _database = Circuit("pressure"), Circuit("pressure row", retry_after=5.0)


def _keep(standing: Standing) -> Standing:
    global _known
    _known = standing
    return standing


def _from_redis() -> Standing | None:
    if _redis.is_open:
        return None
    try:
        says = cast(Any, quick(conf.redis_url()).hget(_key(), "says"))
    except UNAVAILABLE as error:
        if _redis.failed():
            log.info("pressure_asked_of_the_database", error=str(error))
        return None
    _redis.succeeded()
    with suppress(msgspec.DecodeError):  # of another version of this code
        return msgspec.json.decode(says or b"", type=Standing)
    return None


def _from_database() -> Standing | None:
    """By the thread that looks, which gives its connection back: no request waits for this."""
    if _database.is_open:
        return None
    try:
        found = stored()
    except (DatabaseError, InterfaceError, RuntimeError):  # away, no tables yet, or not to be asked
        _database.failed()
        return None
    finally:
        connection = connections[DEFAULT_DB_ALIAS]
        if not connection.in_atomic_block:
            connection.close()
    _database.succeeded()
    return found


def _key() -> str:
    return Keys(conf.stream()).pressure


rounds.every_second(look)
os.register_at_fork(after_in_child=forget)
