"""Letters are handed to whoever writes and sends them: what lies above registers itself (`outbound`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

Values = Mapping[str, str | list[str]]


class NobodySends(RuntimeError):
    """No app that sends is installed."""


class Sender(Protocol):
    def __call__(self, name: str, values: Values, *, to: str, good_for: timedelta | None) -> None:
        """Send it once the current transaction has committed, and not if it is rolled back."""


def deliver(name: str, values: Values, *, to: str, good_for: timedelta | None = None) -> None:
    """Send the letter of this name ("identity.login_code": `letters.toml`) once the current transaction
    has committed. `values` that it has no variable for are left out.

    `good_for`: it is worth nothing after that. Raises NobodySends.
    """
    if _sender is None:
        raise NobodySends(name)
    _sender(name, values, to=to, good_for=good_for)


def register(sender: Sender) -> None:
    """From here on this one sends."""
    global _sender
    _sender = sender


_sender: Sender | None = None
