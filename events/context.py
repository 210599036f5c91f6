"""What is known about the circumstances of an event: request id, API key, and the like.

Never an address of a machine or anything else that names a person.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_context: ContextVar[dict[str, str] | None] = ContextVar("events_context", default=None)


def current() -> dict[str, str]:
    """The circumstances of whatever runs now."""
    return dict(_context.get() or {})


def add(**values: str) -> None:
    """Add to the circumstances of the current request; outside one, this does nothing."""
    context = _context.get()
    if context is not None:
        context.update(values)


@contextmanager
def of_request(**values: str) -> Iterator[None]:
    """Start with these circumstances, and forget them at the end."""
    token = _context.set(dict(values))
    try:
        yield
    finally:
        _context.reset(token)
