"""All readers of this process, a few at a time, until it is told to stop."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

import structlog

from events import conf, heartbeats
from events.readers.following import Came, Following
from events.readers.pages import Pages
from events.readers.reader import Reader, registered
from events.store.interface import EventStore

log = structlog.get_logger()

THREADS = 4  # readers at work at once; each has a connection of its place meanwhile
_TURN = 1.0  # seconds that a reader works before others have their turn
# Seconds until a reader is asked again, by what came of it.
_PAUSES = {Came.MOVED: 0.0, Came.NOTHING: 0.2, Came.BUSY: 1.0, Came.FAILED: 0.5}
_LONGEST = 5.0  # after failures in a row
_STUCK = (
    600.0  # seconds of one turn, which hands over a batch and no more: it does not move any longer
)


@contextmanager
def beside(stop: threading.Event, *, store: EventStore) -> Iterator[None]:
    """All readers in a thread of a process that does something else, until `stop` is set."""
    if not (readers := list(registered())):
        yield
        return
    runner = Runner(readers, store=store, threads=conf.readers_threads())
    thread = threading.Thread(target=runner.run, args=[stop], name="readers")
    thread.start()
    log.info("events_readers_started", readers=[reader.name for reader in readers])
    try:
        yield
    finally:
        stop.set()
        thread.join()
        log.info("events_readers_stopped")


class Runner:
    """Any number of processes may run one with the same readers: a row lock decides who moves."""

    def __init__(
        self, readers: Sequence[Reader], *, store: EventStore, threads: int = THREADS
    ) -> None:
        pages = Pages(store.order)
        self._following = [Following(reader, order=store.order, pages=pages) for reader in readers]
        self._threads = threads
        self._stop = threading.Event()
        self._due = dict.fromkeys(range(len(self._following)), 0.0)
        self._began: dict[int, float] = {}  # turns that run
        self._failures = dict.fromkeys(range(len(self._following)), 0)

    def run(self, stop: threading.Event) -> None:
        """Follow until `stop` is set; the batches in hand are finished."""
        self._stop = stop
        with ThreadPoolExecutor(self._threads, thread_name_prefix="readers") as pool:
            working: dict[Future[Came], int] = {}
            while not stop.is_set():
                if time.monotonic() - min(self._began.values(), default=math.inf) < _STUCK:
                    heartbeats.beat("readers")
                self._begin_what_is_due(pool, working)
                self._wait(working)
                for done in [each for each in working if each.done()]:
                    self._plan(number := working.pop(done), done.result())
                    self._began.pop(number, None)
        heartbeats.end("readers")

    def drain(self) -> bool:
        """One reader after the other, until nothing is left. False when one failed or was busy."""
        complete = True
        for following in self._following:
            while (came := self._turn(following)) is Came.MOVED:
                pass
            complete = complete and came is Came.NOTHING
        return complete

    def _begin_what_is_due(
        self, pool: ThreadPoolExecutor, working: dict[Future[Came], int]
    ) -> None:
        now = time.monotonic()
        resting = set(self._due) - set(working.values())
        for number in sorted(resting, key=self._due.__getitem__):
            if self._due[number] <= now and len(working) < self._threads:
                self._began[number] = now
                working[pool.submit(self._turn, self._following[number])] = number

    def _wait(self, working: dict[Future[Came], int]) -> None:
        resting = set(self._due) - set(working.values())
        next_due = min([self._due[number] for number in resting], default=time.monotonic() + 0.2)
        seconds = min(0.2, max(0.005, next_due - time.monotonic()))
        if working:
            wait(working, timeout=seconds, return_when=FIRST_COMPLETED)
        else:
            self._stop.wait(seconds)

    def _plan(self, number: int, came: Came) -> None:
        failures = self._failures[number] = self._failures[number] + 1 if came is Came.FAILED else 0
        pause = _PAUSES[came] * 2 ** min(max(failures - 1, 0), 8)
        self._due[number] = time.monotonic() + min(pause, _LONGEST)

    def _turn(self, following: Following) -> Came:
        """A second of one reader's work, in a thread that gives its connections back."""
        give_way_at = time.monotonic() + _TURN
        try:
            while (came := following.step()) is Came.MOVED:
                if self._stop.is_set() or time.monotonic() > give_way_at:
                    break
            return came
        except Exception:  # a handler's failure does not come here: ours does, and ends nobody else
            log.exception("events_reader_broken", reader=following.reader.name)
            return Came.FAILED
        finally:
            following.reader.place.close()
