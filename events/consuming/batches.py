"""Batches of the stream: while one is being stored, a thread reads and decodes the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from events.errors import EventRefused
from events.event import Event, decode, decode_parcel
from events.transport import parcels
from events.transport.reader import Dead, Entry

FEWEST = 10_000  # at once, when the stream does not hold more
MOST = 50_000
_SECONDS = 1.0  # that a batch should take at most: others take over what lasts for long


@dataclass
class Batch:
    """Entries of the stream: how many lines each has, the events, and the lines that are none."""

    ids: dict[bytes, int] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    dead: list[Dead] = field(default_factory=list)

    def add(self, entries: Sequence[Entry]) -> Batch:
        """Decode these entries, too."""
        for entry_id, parcel in entries:
            if events := decode_parcel(parcel):
                self.ids[entry_id] = len(events)
                self.events += events
                continue
            lines = parcels.unpack(parcel)
            self.ids[entry_id] = len(lines)
            events, dead = decode_all(lines)
            self.events += events
            self.dead += dead
        return self

    @property
    def size(self) -> int:
        """How many lines it has."""
        return len(self.events) + len(self.dead)

    @property
    def position(self) -> str:
        """The last entry's id."""
        return next(reversed(self.ids), b"").decode()


class Batches:
    """What `fetch(most)` reads, batch after batch, ahead of time as long as there is a backlog.

    A long backlog makes larger batches: what a batch costs once (a commit, a row for each bucket
    of each workspace) is then shared by more events.
    """

    def __init__(self, fetch: Callable[[int], Batch], *, fewest: int = FEWEST) -> None:
        self._fetch = fetch
        self._most = self._fewest = fewest
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="events-ahead")
        self._ahead: Future[Batch] | None = None
        self._is_ending = False

    def take(self) -> Batch:
        """The next batch; it is empty when nothing came. Raises what `fetch` raises."""
        ahead, self._ahead = self._ahead, None
        return ahead.result() if ahead else self._fetch(self._most)

    def take_last(self) -> Batch:
        """Only what has been read already; from now on nothing is read ahead."""
        self._is_ending = True
        return self.take() if self._ahead else Batch()

    def read_ahead(self, batch: Batch) -> None:
        """Begin to read what follows this batch, if it shows that there is more."""
        if batch.size >= self._fewest and not self._ahead and not self._is_ending:
            self._ahead = self._thread.submit(self._fetch, self._most)

    def stored(self, batch: Batch, *, seconds: float) -> None:
        """Learn from how long a full batch took."""
        if batch.size < self._fewest:
            self._most = self._fewest
        else:
            in_time = int(batch.size / max(seconds, 0.001) * _SECONDS)
            self._most = max(self._fewest, min(MOST, in_time))

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()


def decode_all(lines: Sequence[bytes]) -> tuple[list[Event], list[Dead]]:
    """The events of these lines, and the lines that are none, with the reason."""
    events: list[Event] = []
    dead: list[Dead] = []
    for line in lines:
        try:
            events.append(decode(line))
        except EventRefused as refused:
            dead.append((line, f"{refused.reason}: {refused}"))
    return events, dead
