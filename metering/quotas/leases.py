"""Parts of what is left, leased from the central counters: a decision is then a memory read.

A process takes a lease when it is asked for a meter often; it is as large as what the process uses
in the lease's time, but never more than a small part of what is left, so that the last ones of a
limit go one by one and are nobody's reserve. After LEASE_SECONDS a lease is over, and what was not
spent goes back. A holder that dies takes its lease with it, until the counter is checked.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache
from math import inf

from django.conf import settings
from uuid_utils.compat import uuid7

from metering.definitions.limit import Limit
from metering.periods import Period
from metering.quotas import counters
from metering.quotas.counters import Asked, CountersUnavailable, Missing, Taken
from metering.quotas.decision import Decision
from metering.quotas.lease import Lease, Pace

LEASE_SECONDS = 1.5
_TRY_TO_SETTLE = 30.0  # seconds; later, the holder counts as dead anyway
_ROW_OF_LOCKS = 64
_MOST_PACES = 10_000
_MOST_ALONE = 10_000

Key = tuple[str, str]  # schema, meter


class Leases:
    """The leases of one process. `clock` is monotonic, in seconds."""

    def __init__(
        self,
        *,
        seconds: float = LEASE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        returns_by_itself: bool = True,
    ) -> None:
        self._seconds = seconds
        self._clock = clock
        self._returns_by_itself = returns_by_itself
        self._lock = threading.Lock()  # for what is below; never held while somebody is asked
        self._open: dict[Key, Lease] = {}
        self._over: list[tuple[Key, Lease]] = []
        self._paces: dict[Key, Pace] = {}
        # Counters that were not asked, though something of theirs was allowed: they do not know of it.
        self._alone: dict[tuple[str, str, str], None] = {}
        self._returner: threading.Thread | None = None
        # One question at a time for each counter: whoever waits finds what the first one leased.
        self._asking = [threading.Lock() for _ in range(_ROW_OF_LOCKS)]

    @property
    def milliseconds(self) -> int:
        """How long a lease may be spent after it was given."""
        return int(self._seconds * 1000)

    def spend(self, key: Key, amount: int, *, now: float) -> Decision | None:
        """Decide from memory (`now`: POSIX seconds); None when the counter must be asked."""
        lease = self._open.get(key)
        if lease is None:
            return None
        with self._lock:
            if (
                amount > lease.rest
                or self._clock() >= lease.ends
                or not lease.begins_at <= now < lease.ends_at
            ):
                return None
            lease.rest -= amount
            used = lease.used + lease.amount - lease.rest
        limit = lease.limit
        return Decision(
            key[1],
            limit.value,
            used,
            True,
            lease.resets_at,
            amount,
            limit.own,
            limit.hard,
            lease.since,
        )

    def take(
        self, key: Key, period: Period, amount: int, *, now: float
    ) -> Decision | Taken | Missing:
        """Ask the counter for `amount`, and for a lease if it pays. Raises CountersUnavailable.

        A Decision when another thread has leased enough while this one waited for its turn.
        """
        with self._asking[hash(key) % _ROW_OF_LOCKS]:
            if amount and (decided := self.spend(key, amount, now=now)):
                return decided
            held = self._let_go(key, period)
            asked_at = self._clock()
            asked = Asked(
                need=amount,
                want=self._want(key, amount, at=asked_at) if amount else 0,
                lease=uuid7().hex,
                lease_ms=self.milliseconds,
                settle=held.id if held else "",
                spent=held.spent if held else 0,
            )
            try:
                answer = counters.take(*key, period.key, asked)
            except CountersUnavailable:
                if held:
                    self._set_aside([(key, held)])
                raise
            if isinstance(answer, Missing):
                if held and answer.limit is None:  # nothing was done yet
                    with self._lock:
                        self._open[key] = held
                return answer
            self._keep(key, period, asked, answer, asked_at)
        return answer

    def allow_for_now(self, key: Key, period: Period, *, limit: Limit, used: int) -> None:
        """Nobody can be asked, and the meter never refuses: do not try for each single use."""
        self._open_lease(
            key, period, id="", limit=limit, used=used, amount=2**62, ends=self._clock() + 1.0
        )

    def allowed_alone(self, counter: tuple[str, str, str]) -> None:
        """Something was allowed without this counter (schema, meter, period), which refuses."""
        with self._lock:
            self._alone[counter] = None
            if len(self._alone) > _MOST_ALONE:
                del self._alone[next(iter(self._alone))]

    def takes_back_alone(self, counter: tuple[str, str, str]) -> bool:
        """Whether something was; asked once before the counter is."""
        if not self._alone:  # nearly always
            return False
        with self._lock:
            return self._alone.pop(counter, self) is None

    def forget(self, schema: str) -> None:
        """Give back the leases of a workspace now: its limits have changed."""
        with self._lock:
            keys = [key for key in self._open if key[0] == schema]
            found = [(key, self._open.pop(key)) for key in keys]
        self._settle(found)

    def return_ended(self, *, all_of_them: bool = False) -> None:
        """Give back what is left of leases that are over."""
        at = inf if all_of_them else self._clock()
        with self._lock:
            over = [key for key, lease in self._open.items() if lease.ends <= at]
            found = [(key, self._open.pop(key)) for key in over] + self._over
            self._over = []
        self._settle(found)

    def _let_go(self, key: Key, period: Period) -> Lease | None:
        """Our lease of this counter, which from here on nobody can spend."""
        with self._lock:
            held = self._open.pop(key, None)
            if held is None:
                return None
            self._note_pace(key, held.spent)
        if held.period != period.key:
            self._settle([(key, held)], noted=True)
            return None
        return held if held.id else None

    def _keep(self, key: Key, period: Period, asked: Asked, answer: Taken, at: float) -> None:
        if not answer.leased:
            return
        self._open_lease(
            key,
            period,
            id=asked.lease,
            limit=answer.limit,
            used=answer.used,
            amount=answer.leased,
            ends=at + self._seconds,
        )

    def _open_lease(
        self,
        key: Key,
        period: Period,
        *,
        id: str,
        limit: Limit,
        used: int,
        amount: int,
        ends: float,
    ) -> None:
        lease = Lease(
            id=id,
            period=period.key,
            limit=limit,
            used=used,
            amount=amount,
            rest=amount,
            ends=ends,
            begins_at=period.start.timestamp() if period.start else -inf,
            ends_at=period.end.timestamp() if period.end else inf,
            resets_at=period.end,
            since=period.start,
        )
        with self._lock:
            earlier = self._open.get(key)
            if earlier is not None:
                self._over.append((key, earlier))
            self._open[key] = lease
            if self._returns_by_itself and (
                self._returner is None or not self._returner.is_alive()
            ):
                self._returner = threading.Thread(
                    target=self._return_again_and_again, name="quota-leases", daemon=True
                )
                self._returner.start()

    def _want(self, key: Key, amount: int, *, at: float) -> int:
        """What this process is going to use while a lease lasts, judging by its pace."""
        with self._lock:
            pace = self._paces.get(key)
            if len(self._paces) > _MOST_PACES:
                self._paces.clear()
            self._paces[key] = Pace(at)
        if pace is None:
            return 0
        elapsed = max(at - pace.since, 0.001)
        return int((pace.units + amount) / elapsed * self._seconds)

    def _note_pace(self, key: Key, units: int) -> None:
        if pace := self._paces.get(key):
            pace.units += units

    def _set_aside(self, leases: Iterable[tuple[Key, Lease]]) -> None:
        """Try to settle them later, unless it is too late."""
        too_late = self._clock() - _TRY_TO_SETTLE
        with self._lock:
            self._over += [(key, lease) for key, lease in leases if lease.ends > too_late]

    def _settle(self, leases: list[tuple[Key, Lease]], *, noted: bool = False) -> None:
        by_counter: dict[tuple[str, str, str], list[tuple[Key, Lease]]] = defaultdict(list)
        for key, lease in leases:
            if not noted:
                with self._lock:
                    self._note_pace(key, lease.spent)
            if lease.id:
                by_counter[(*key, lease.period)].append((key, lease))
        for counter, found in by_counter.items():
            try:
                counters.settle(*counter, [(lease.id, lease.spent) for _, lease in found])
            except CountersUnavailable:
                self._set_aside(found)

    def _return_again_and_again(self) -> None:
        while True:
            with self._lock:
                first = min((lease.ends for lease in self._open.values()), default=None)
                if first is None and not self._over:
                    self._returner = None
                    return
            time.sleep(max(0.1, 0.0 if first is None else first - self._clock()))
            self.return_ended()


def of_this_process() -> Leases:
    """The leases of this process under the counters that settings name."""
    return _of_process(settings.REDIS_URL, settings.QUOTA_PREFIX)


@cache
def _of_process(url: str, prefix: str) -> Leases:
    leases = Leases(seconds=getattr(settings, "QUOTA_LEASE_SECONDS", LEASE_SECONDS))
    atexit.register(leases.return_ended, all_of_them=True)
    return leases


def forget_all() -> None:
    """Know of no lease any more: a forked child must not spend those of its parent."""
    _of_process.cache_clear()


os.register_at_fork(after_in_child=forget_all)
counters.when_limits_change(lambda schema: of_this_process().forget(schema))
