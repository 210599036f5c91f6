"""The right to listen to the changes of one workspace's usage (`events.live` says how)."""

from __future__ import annotations

from events import changes, live
from events.live import SECONDS, NotAllowed, read

__all__ = ["SECONDS", "NotAllowed", "address", "read", "token"]


def token(schema: str, *, origin: str, now: float | None = None) -> str:
    """A token for pages of this origin ("https://acme.example"); ends after SECONDS."""
    return live.token(changes.channel(schema), origin=origin, now=now)


def address(schema: str, *, origin: str) -> str:
    """Where a page of this origin listens for the next minutes; "" without a live process."""
    return live.address("usage", changes.channel(schema), origin=origin)
