"""Counts what was not taken, by reason and workspace: visible to staff, never a silent drop.

A process keeps its counts until they travel to Redis: with the next events that it sends, or by
themselves a few seconds after the refusal, or when the process ends.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from typing import cast

from events import conf
from events.errors import TransportUnavailable
from events.redis.keys import Keys
from events.redis.redis_client import UNAVAILABLE, quick

_lock = threading.Lock()
_unsent: Counter[str] = Counter()  # "reason", and "reason schema" where the workspace is known
_total: Counter[str] = Counter()
_timer: threading.Timer | None = None


def count(reason: str, amount: int = 1, *, tenant: str | None = None) -> None:
    """Note that `amount` events were refused for this reason, of the workspace of this schema."""
    with _lock:
        _total[reason] += amount
        _unsent[reason] += amount
        if tenant:
            _unsent[f"{reason} {tenant}"] += amount
        _send_soon()


def totals() -> dict[str, int]:
    """What this process has refused since it started, by reason."""
    with _lock:
        return dict(_total)


def totals_stored() -> dict[str, int]:
    """What all processes have refused, by reason. Raises TransportUnavailable."""
    return {field: amount for field, amount in _stored().items() if " " not in field}


def of_workspace(schema: str) -> dict[str, int]:
    """What was refused of this workspace, by reason. Raises TransportUnavailable."""
    ending = f" {schema}"
    return {
        field.removesuffix(ending): amount
        for field, amount in _stored().items()
        if field.endswith(ending)
    }


def take_unsent() -> dict[str, int]:
    """What no one has been told yet; the caller passes it on, or gives it back."""
    with _lock:
        taken = dict(_unsent)
        _unsent.clear()
    return taken


def give_back(counts: Mapping[str, int]) -> None:
    """Keep counts that could not be passed on."""
    with _lock:
        _unsent.update(counts)
        if counts:
            _send_soon()


def send() -> None:
    """Pass on what is unsent, now. Without Redis it is kept, and tried again later."""
    counts = take_unsent()
    if not counts:
        return
    pipeline = quick(conf.redis_url()).pipeline(transaction=True)
    for field, amount in counts.items():
        pipeline.hincrby(_key(), field, amount)
    try:
        pipeline.execute()
    except UNAVAILABLE:
        give_back(counts)


def _send_soon() -> None:
    """One timer at a time; a process that refuses nothing has none. Call it under the lock."""
    global _timer
    if _timer is None:
        _timer = threading.Timer(conf.refusals_wait(), _on_time)
        _timer.daemon = True  # who stops the process does not wait for it: see _at_exit
        with suppress(RuntimeError):  # no thread starts in a process that ends
            _timer.start()


def _on_time() -> None:
    global _timer
    with _lock:
        _timer = None
    send()


def _stored() -> dict[str, int]:
    try:
        found = cast(dict[bytes, bytes], quick(conf.redis_url()).hgetall(_key()))
    except UNAVAILABLE as error:
        raise TransportUnavailable(str(error)) from error
    return {field.decode(): int(amount) for field, amount in found.items()}


def _key() -> str:
    return Keys(conf.stream()).refused


@atexit.register
def _at_exit() -> None:
    with suppress(Exception):  # settings may never have been set up
        send()


def _after_fork() -> None:
    """The parent tells of its own counts; its lock may be held, and its timer does not run here."""
    global _lock, _timer
    _lock, _timer = threading.Lock(), None
    _unsent.clear()
    _total.clear()


os.register_at_fork(after_in_child=_after_fork)
