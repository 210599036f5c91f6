"""A run over the fleet: canaries, then waves; what fails stays on its old version and is reported."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import psycopg
from django.db import Error, connection
from django.db.models import F
from django.utils import timezone

from events.steps import step
from tenants.fleet import moving
from tenants.fleet.impatience import IN_USE
from tenants.fleet.planning import Move, Pace, Plan
from tenants.models import MigrationFailure, Tenant
from tenants.pool import fingerprints

_AGAIN_AFTER = 0.2  # seconds before the first retry, twice as long before each further one
_NO_SCHEMA = "It has no schema with a table django_migrations."


class DatabaseGone(Exception):
    """The connection broke. What was committed stays; another run does the rest."""


@dataclass(frozen=True)
class Failed:
    tenant: Tenant
    reason: str


@dataclass
class Report:
    """What came of a run."""

    migrated: int = 0
    already: int = 0  # another run was faster, or only the fingerprint had changed
    failed: list[Failed] = field(default_factory=list)
    stopped: str = ""  # why the rest was not tried
    not_tried: int = 0


@dataclass
class Run:
    """One run of a plan. `shown` is called after each workspace: was it a failure?"""

    plan: Plan
    pace: Pace
    shown: Callable[[bool], None] = lambda failed: None
    report: Report = field(default_factory=Report)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _halt: threading.Event = field(default_factory=threading.Event)

    def go(self) -> Report:
        """Raises DatabaseGone."""
        step("migrate.planned")
        self.report.already += moving.mark_current(self.plan.current) if self.plan.current else 0
        for tenant in self.plan.without_schema:
            self._failed(tenant, _NO_SCHEMA)
        self._parts([[move] for move in self.plan.canaries], workers=1, stop_after=1)
        step("migrate.canaries-done")
        self._parts(self.plan.waves, workers=self.pace.workers, stop_after=self.pace.stop_after)
        moving.make_durable()
        return self.report

    def _parts(self, parts: Sequence[list[Move]], *, workers: int, stop_after: int) -> None:
        """One after the other, until too many of one have failed."""
        for number, moves in enumerate(parts):
            if self.report.stopped:
                self.report.not_tried += len(moves)
                continue
            before = len(self.report.failed)
            self._wave(moves, workers=workers)
            step("migrate.wave-done")
            failed = len(self.report.failed) - before
            if failed >= stop_after:
                what = "A canary" if stop_after == 1 else f"{failed} of wave {number + 1}"
                self.report.stopped = f"{what} failed; the rest was not tried."

    def _wave(self, moves: list[Move], *, workers: int) -> None:
        for attempt in range(self.pace.retries + 1):
            if attempt:
                time.sleep(_AGAIN_AFTER * 2 ** (attempt - 1))
            last = attempt == self.pace.retries
            moves = self._in_parallel(moves, workers=workers, give_up=last)
            if self._halt.is_set():
                raise DatabaseGone(
                    "The connection to the database broke. Every workspace is on its old or on its "
                    "new version; run migrate_tenants again for the rest."
                )
            if not moves:
                return

    def _in_parallel(self, moves: list[Move], *, workers: int, give_up: bool) -> list[Move]:
        """Returns those that should be tried again."""
        waiting: queue.SimpleQueue[Move] = queue.SimpleQueue()
        for move in moves:
            waiting.put(move)
        again: list[Move] = []
        if workers == 1 or len(moves) == 1:
            self._work(waiting, again, give_up)
            return again
        with ThreadPoolExecutor(min(workers, len(moves))) as threads:
            jobs = [
                threads.submit(self._in_a_thread, waiting, again, give_up) for _ in range(workers)
            ]
            try:
                for job in jobs:
                    job.result()
            except BaseException:  # Ctrl-C: each worker ends after the workspace that it is at
                self._halt.set()
                raise
        return again

    def _in_a_thread(
        self, waiting: queue.SimpleQueue[Move], again: list[Move], give_up: bool
    ) -> None:
        try:
            self._work(waiting, again, give_up)
        finally:
            connection.close()

    def _work(self, waiting: queue.SimpleQueue[Move], again: list[Move], give_up: bool) -> None:
        while not self._halt.is_set():
            try:
                move = waiting.get_nowait()
            except queue.Empty:
                return
            if not self._one(move, give_up=give_up):
                again.append(move)

    def _one(self, move: Move, *, give_up: bool) -> bool:
        """Whether this workspace is dealt with; else it was busy and comes again."""
        try:
            moved = moving.move(move.tenant, route=move.route, lock_timeout=self.pace.lock_timeout)
        except Exception as error:  # a data migration may raise anything; only this one has failed
            if is_gone(error):
                self._halt.set()
                return True
            if passes(error) and not give_up:
                return False
            self._failed(move.tenant, _words(error))
            return True
        with self._lock:
            self.report.migrated += moved
            self.report.already += not moved
            self.shown(False)
        return True

    def _failed(self, tenant: Tenant, reason: str) -> None:
        try:
            remember(tenant, reason)
        except Error:
            self._halt.set()
        with self._lock:
            self.report.failed.append(Failed(tenant, reason))
            self.shown(True)


def remember(tenant: Tenant, reason: str) -> None:
    """For `doctor` and the next person who asks why it is behind."""
    facts = {"wanted": fingerprints.of_migrations(), "reason": reason, "at": timezone.now()}
    _, new = MigrationFailure.objects.update_or_create(tenant=tenant, defaults=facts)
    if not new:
        MigrationFailure.objects.for_tenant(tenant).update(tries=F("tries") + 1)


def passes(error: Exception) -> bool:
    """Whether the same may work in a moment."""
    return isinstance(error, moving.Busy) or isinstance(error.__cause__, IN_USE)


def is_gone(error: Exception) -> bool:
    """Whether PostgreSQL is not there any more (class 57P and 08, or no answer at all)."""
    cause = error.__cause__
    if isinstance(cause, psycopg.InterfaceError):
        return True
    if not isinstance(cause, psycopg.OperationalError):
        return False
    return cause.sqlstate is None or cause.sqlstate.startswith(("57P", "08"))


def _words(error: Exception) -> str:
    words = moving.words_of(error)
    if isinstance(error.__cause__, psycopg.errors.LockNotAvailable):
        return f"{words} (its tables were in use at every attempt; look for long transactions)"
    return words
