"""What of a request goes on elsewhere as one trace: an event says in its context which one it belongs to.

The name is that of CloudEvents' extension for distributed tracing, the form W3C's (Trace Context, 3.2).
Nothing is said, and no event grows, unless somebody who draws traces was registered (`plg_site.tracing`),
and of what it leaves out neither. What an event's own context claims is not believed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from events.event import Event

CARRIED = "traceparent"
MOST = 100  # traces that a batch of the consumer is drawn in; it may hold events of thousands
Carried = Callable[[], str]
Stored = Callable[[Mapping[str, int], int, float], None]
_carried: Carried | None = None
_stored: Stored | None = None


def register(*, carried: Carried, stored: Stored) -> None:
    """`carried` gives the `traceparent` of what runs now, "" where it is not drawn. `stored` is told how many
    events of each were stored, in a batch of how many, and how many seconds that took."""
    global _carried, _stored
    _carried, _stored = carried, stored


def carried() -> str:
    """What an event that is recorded now carries along; "" for nothing."""
    return _carried() if _carried is not None else ""


def stored(events: Sequence[Event], *, seconds: float) -> None:
    """These events are in the store."""
    if _stored is None:
        return
    found = Counter(said for event in events if isinstance(said := event.context.get(CARRIED), str))
    if found:
        _stored(dict(found.most_common(MOST)), len(events), seconds)
