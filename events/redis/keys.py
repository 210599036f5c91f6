"""Which keys of Redis belong to one installation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Keys:
    """The Redis keys of one installation; the braces put all on one node of a cluster."""

    stream: str

    @property
    def waiting(self) -> str:
        """How many events the stream holds: an entry may have several."""
        return f"{{{self.stream}}}:waiting"

    @property
    def dead(self) -> str:
        """The stream of entries that could not be stored, each with its reason."""
        return f"{{{self.stream}}}:dead"

    @property
    def parked(self) -> str:
        """The stream of events that wait until somebody can say whose they are."""
        return f"{{{self.stream}}}:parked"

    def first(self, key: str) -> str:
        """Where it is kept who was first to record under this key."""
        return f"{{{self.stream}}}:first:{key}"

    @property
    def refused(self) -> str:
        """A hash: reason to how many events were refused for it."""
        return f"{{{self.stream}}}:refused"

    @property
    def pressure(self) -> str:
        """A hash: the copy of what was decided last, and its number."""
        return f"{{{self.stream}}}:pressure"

    def gauge(self, name: str) -> str:
        """A hash: process to what it says of itself, and when."""
        return f"{{{self.stream}}}:gauge:{name}"

    @property
    def shed(self) -> str:
        """A hash: measure to how often something was left out by it."""
        return f"{{{self.stream}}}:shed"

    @property
    def watching(self) -> str:
        """Which process decides about the pressure at the moment."""
        return f"{{{self.stream}}}:watching"
