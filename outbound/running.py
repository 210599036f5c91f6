"""The loop of the process that sends.

One thread looks what is due, and sends by channels without lanes. Any other channel, mail among them,
gets threads while it has something to do, one more with each look up to its lanes, and they end when it
has not: a slow other side holds up no other channel, a server that takes half a second for a mail is not
the end of it, and an idle process has one connection to the database.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection

import structlog
from django.db import DatabaseError, InterfaceError, connection

from events import heartbeats
from events.postgres import is_told
from outbound import channels
from outbound.channels import Channel
from outbound.delivery import sending, tidying
from outbound.outcomes import NotSent

log = structlog.get_logger()
POLL = 0.2  # seconds between looks: a code waits for half of it
AT_ONCE = 200  # messages of a pass
_A_PASS = 1.0  # seconds, and the message in hand: then others are looked after
_SWEEP, _TIDY = 5.0, 3600.0  # seconds between
_IDLE = 10.0  # seconds after which a connection to the other side is closed, and a lane ends
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0  # seconds, while nobody answers there


class Runner:
    """Sends by some channels, one message at a time; any number of processes may run one."""

    def __init__(self, names: Collection[str] | None = None, *, heart: str = "") -> None:
        """`names` None: by all of them. `heart`: whose heartbeat its messages are."""
        self._heart = heart
        wanted = [each for each in channels.registered() if names is None or each.name in names]
        self._ways = {each.name: each.new() for each in wanted}
        self._pause = 0.0
        self._busy_at = time.monotonic()

    def one_pass(self, stop: threading.Event | None = None, *, most: int = AT_ONCE) -> int:
        """At most so many messages; ends early when nobody answers on the other side."""
        moved, until = 0, time.monotonic() + _A_PASS
        while moved < most and not (stop and (stop.is_set() or time.monotonic() > until)):
            if self._heart:
                heartbeats.beat(self._heart)
            outcome = sending.next_one(self._ways)
            if outcome is False:
                self._pause = 0.0
                break
            moved += 1
            if isinstance(outcome, NotSent) and outcome.is_away:
                self._pause = min(max(self._pause * 2, _FIRST_PAUSE), _LONGEST_PAUSE)
                break
            self._pause = 0.0
        if moved:
            self._busy_at = time.monotonic()
        elif self.is_idle:
            self.close()
        return moved

    def wait(self, stop: threading.Event, *, moved: int) -> None:
        """Until the next look."""
        if self._pause:
            stop.wait(self._pause)
        elif not moved:
            stop.wait(POLL)

    @property
    def is_pausing(self) -> bool:
        """Whether nobody answered on the other side."""
        return bool(self._pause)

    @property
    def is_idle(self) -> bool:
        return time.monotonic() - self._busy_at > _IDLE

    def close(self) -> None:
        for way in self._ways.values():
            way.close()


class Process:
    """All channels, until it is told to stop; what is in hand is finished first."""

    def __init__(self) -> None:
        alone = [each for each in channels.registered() if each.lanes]
        self._lanes = {each.name: _Lanes(each) for each in alone}
        self._others = {each.name for each in channels.registered() if not each.lanes}
        self._runner = Runner(self._others, heart="outbound")
        self._next_sweep = self._next_tidy = 0.0

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            heartbeats.beat("outbound")
            try:
                due = {channel for _, channel in sending.due([*self._others, *self._lanes])}
                moved = self._runner.one_pass(stop) if due & self._others else 0
                for name in due - self._others:
                    self._lanes[name].wake(stop)
                self._look_after()
            except (DatabaseError, InterfaceError) as error:
                _wait_for_database(error, stop)
                continue
            if self._runner.is_idle:
                connection.close()  # to the pool: in one process with others they share a few
            self._runner.wait(stop, moved=moved)
        self._runner.close()
        for lanes in self._lanes.values():
            lanes.end()
        heartbeats.end("outbound")

    def _look_after(self) -> None:
        now = time.monotonic()
        if now >= self._next_sweep:
            self._next_sweep = now + _SWEEP
            sending.sweep()
        if now >= self._next_tidy:
            more = tidying.tidy() >= tidying.AT_ONCE
            self._next_tidy = now + (_SWEEP if more else _TIDY)


class _Lanes:
    """The threads of a channel; each has one message in its hand, or rests until there is one."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._threads: list[threading.Thread] = []
        self._woken = threading.Condition()
        self._resting = self._calls = 0  # who rest, and how many of them were called

    def wake(self, stop: threading.Event) -> None:
        """There is something to do that nobody has in hand: one more helps, up to the lanes."""
        with self._woken:
            if self._resting > self._calls:
                self._calls += 1
                self._woken.notify()
                return
        self._threads = [each for each in self._threads if each.is_alive()]
        if len(self._threads) < self._channel.lanes:
            thread = threading.Thread(target=self._work, args=[stop], name=self._channel.name)
            thread.start()
            self._threads.append(thread)

    def end(self) -> None:
        """What is in hand is finished; `stop` is set."""
        with self._woken:
            self._woken.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self, stop: threading.Event) -> None:
        runner = Runner([self._channel.name])
        try:
            while not stop.is_set() and not runner.is_idle:
                try:
                    moved = runner.one_pass(stop)
                except (DatabaseError, InterfaceError) as error:
                    _wait_for_database(error, stop)
                    continue
                if moved or runner.is_pausing:
                    runner.wait(stop, moved=moved)
                else:
                    self._rest(stop)
        finally:
            runner.close()
            connection.close()

    def _rest(self, stop: threading.Event) -> None:
        """Until one is called: the thread that looks asks for all of them."""
        with self._woken:
            if stop.is_set():
                return
            self._resting += 1
            called = self._woken.wait_for(lambda: bool(self._calls) or stop.is_set(), _IDLE)
            self._resting -= 1
            if called and self._calls:
                self._calls -= 1


def _wait_for_database(error: Exception, stop: threading.Event) -> None:
    if not is_told():
        log.warning("outbound_database_away", error=str(error).splitlines()[0])
    connection.close()
    stop.wait(1.0)
