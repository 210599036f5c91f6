"""What each process does once a second for as long as it lives, in a thread of its own.

It begins when somebody first asks about the pressure (`standing.level`).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress

import structlog

log = structlog.get_logger()
SECONDS = 1.0
_all: list[Callable[[], object]] = []
_thread: threading.Thread | None = None
_lock = threading.Lock()
turn = threading.Lock()  # of a round: there is one at a time


def every_second(do: Callable[[], object]) -> None:
    """Do this, too. It must not wait for long."""
    if do not in _all:
        _all.append(do)


def begin(first: Callable[[], object]) -> None:
    """Do `first` at once, and from now on what is to be done; nothing where that is so already."""
    global _thread
    if _thread is not None:
        return
    with _lock:
        if _thread is not None:
            return
        first()
        _thread = threading.Thread(target=_run, name="pressure", daemon=True)
        with suppress(RuntimeError):  # no thread starts in a process that ends
            _thread.start()


def one_round() -> None:
    """Do all of it. What fails is said, and does not end the thread."""
    with turn:
        for do in tuple(_all):
            try:
                do()
            except Exception:
                log.exception("pressure_round_failed")


def _run() -> None:
    rest = threading.Event()
    while True:
        one_round()
        rest.wait(SECONDS)


def _after_fork() -> None:
    """The thread is the parent's."""
    global _thread, _lock, turn
    _thread, _lock, turn = None, threading.Lock(), threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
