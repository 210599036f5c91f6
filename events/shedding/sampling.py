"""One in so many: what is kept of events that may be left out, and what one that was kept stands for.

An event that was kept under pressure has `one_in` in its context. Who counts such events adds up
`weight(event)`, which is 1 for all others.
"""

from __future__ import annotations

import hashlib
from uuid import UUID

from events import conf, registry
from events.event import Event
from events.shedding import measure, standing

ONE_IN = "one_in"
_MEASURE = measure.Measure(
    measure.PAGE_VIEWS, level=1, words="Of page views, only those of one visitor in some are kept."
)
measure.register(_MEASURE)


def one_in(name: str) -> int:
    """Of how many events of this name one is kept now; 1: all."""
    if not registry.is_sheddable(name) or standing.level() < _MEASURE.level:
        return 1
    return max(1, conf.keep_one_in())


def is_kept(whose: UUID | str, *, one_in: int) -> bool:
    """Whether this visitor's are kept: of everyone all or nothing, so that a visit stays whole."""
    digest = hashlib.blake2b(str(whose).encode(), digest_size=8).digest()
    if int.from_bytes(digest) % one_in == 0:
        return True
    measure.count(_MEASURE.key)
    return False


def weight(event: Event) -> int:
    """How many events this one stands for."""
    said = event.context.get(ONE_IN, "1")
    if not registry.is_sheddable(event.name) or not str(said).isdecimal():
        return 1
    return max(1, int(said))
