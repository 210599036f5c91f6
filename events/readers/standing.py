"""How far each reader is, for health, doctor and the staff page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from events.errors import StoreUnavailable
from events.readers.reader import Reader, registered
from events.store import EventStore, get_store
from events.store.batch_order import BEGINNING, Mark

FAR = timedelta(minutes=10)  # behind: then somebody should look


@dataclass(frozen=True)
class Standing:
    """A reader's place in the log.

    `behind` events are stored after its position (of all names; a batch that it has begun is not
    counted), the oldest of them `since` (UTC). `reason`: of the last failure, while it lasts. `aside`
    events wait for a decision. `unknown`: who did not answer ("store", "place"); then numbers say 0.
    """

    name: str
    position: str = ""
    events: int = 0
    behind: int = 0
    since: datetime | None = None
    moved_at: datetime | None = None
    paused_at: datetime | None = None
    tries: int = 0
    reason: str = ""
    aside: int = 0
    unknown: str = ""

    @property
    def has_run(self) -> bool:
        """Whether it has a position yet."""
        return bool(self.position)

    def lag(self, *, now: datetime | None = None) -> timedelta:
        """How long the oldest event behind its position has been stored."""
        return (now or datetime.now(UTC)) - self.since if self.since else timedelta(0)

    def trouble(self, *, now: datetime | None = None) -> str:
        """What somebody should look at, in words; empty when all is well."""
        if self.unknown:
            return f"nothing is known: the {self.unknown} does not answer"
        if self.reason:
            return f"fails: {self.reason}"
        if self.aside:
            return f"has put {self.aside:,} event{'s' * (self.aside != 1)} aside"
        if not self.has_run:
            return "has never run"
        if self.paused_at or self.lag(now=now) <= FAR:
            return ""
        return f"is {self.behind:,} events behind, the oldest since {self.since:%Y-%m-%d %H:%M} UTC"


def standings() -> list[Standing]:
    """All readers of this code, by name. What does not answer is said, not raised."""
    readers = registered()
    return [_standing(reader, get_store()) for reader in readers]


def _standing(reader: Reader, store: EventStore) -> Standing:
    try:
        state, aside = reader.place.look(reader.name)
    except Exception as error:
        if not reader.place.is_away(error):
            raise
        return Standing(reader.name, unknown="place")
    if state is None:
        return Standing(reader.name, aside=aside)
    said = {
        "position": state.position, "events": state.events, "moved_at": state.moved_at,
        "paused_at": state.paused_at, "tries": state.tries, "reason": state.reason,
    }  # fmt: skip
    try:
        behind = store.order.behind(Mark.of(state.position) if state.position else BEGINNING)
    except StoreUnavailable:
        return Standing(reader.name, aside=aside, unknown="store", **said)  # type: ignore[arg-type]
    found = {"behind": behind.events, "since": behind.since}
    return Standing(reader.name, aside=aside, **said, **found)  # type: ignore[arg-type]
