"""The pages that the readers of this process read: those that keep step with each other share them.

Ten readers at the log's end would ask the store ten times for the same events, and decode them ten
times. A few pages are kept for a few seconds; events cannot be changed, so they are handed to all.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Collection

from events.store.batch_order import Mark, Order, Page, order_of

AT_ONCE = 10_000  # events of a page
_KEPT = 3
_SECONDS = 5.0  # after which a page is read again: what was erased must not come from memory
_Key = frozenset[str] | None


class Pages:
    """For all threads of a process."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._lock = threading.Lock()
        self._reading: dict[_Key, threading.Lock] = {}
        self._kept: OrderedDict[tuple[Mark, _Key], tuple[float, Page]] = OrderedDict()

    def after(self, mark: Mark, *, names: Collection[str] | None, most: int) -> Page:
        """See Order.page: at most so many of the events behind the mark."""
        key = None if names is None else frozenset(names)
        if page := self._known(mark, key):
            return _part(page, mark, most)
        with self._lock:
            reading = self._reading.setdefault(key, threading.Lock())
        with reading:  # whoever wants the same page waits for it
            page = self._known(mark, key)
            if page is None:
                page = self._order.page(mark, names=names, most=AT_ONCE)
                if page.found:
                    self._keep(mark, key, page)
        return _part(page, mark, most)

    def _known(self, mark: Mark, key: _Key) -> Page | None:
        """A page that the mark is in."""
        oldest = time.monotonic() - _SECONDS
        with self._lock:
            for (begin, names), (read_at, page) in self._kept.items():
                if names == key and begin <= mark < page.end and read_at > oldest:
                    return page
        return None

    def _keep(self, mark: Mark, key: _Key, page: Page) -> None:
        with self._lock:
            self._kept[mark, key] = time.monotonic(), page
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)


def _part(page: Page, mark: Mark, most: int) -> Page:
    """What follows the mark inside of a page, up to `most` events."""
    begin = bisect_right(page.found, (mark.number, mark.event.int), key=order_of)
    found = page.found[begin : begin + most]
    if begin + len(found) == len(page.found):
        return Page(found, page.end)
    number, event = found[-1]
    return Page(found, Mark(number, event.id))
