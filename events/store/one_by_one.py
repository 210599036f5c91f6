"""Work on one thing after the other, of which one that fails keeps no other from its turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import structlog

from events.errors import StoreUnavailable

log = structlog.get_logger()
_T = TypeVar("_T")
_R = TypeVar("_R")


def each(things: Iterable[_T], work: Callable[[_T], _R], *, failing: str) -> list[_R]:
    """What the work gives for each thing. What fails is logged as `failing`, with the thing.

    When all had their turn, the first error is raised. StoreUnavailable is raised at once.
    """
    done: list[_R] = []
    first: Exception | None = None
    for thing in things:
        try:
            done.append(work(thing))
        except StoreUnavailable:
            raise
        except Exception as error:
            log.exception(failing, of=str(thing))
            first = first or error
    if first is not None:
        raise first
    return done
