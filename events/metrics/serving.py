"""GET /metrics on a port of its own, by whichever process of the machine gets it first.

Each process that may serve has one thread for it. It looks now and then whether the port is free, as
it is when the process that had it has ended, and tells the table what holds for its own process.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from events import conf

if TYPE_CHECKING:
    from http.server import HTTPServer

log = structlog.get_logger()
EVERY = 3.0  # seconds between looks
_PATIENCE = 5.0  # seconds for a caller to say what it wants
_stop = threading.Event()
_thread: threading.Thread | None = None


def tell_with(tell: Callable[[], None]) -> None:
    """Let it be called each few seconds in a process that serves, to put its levels into the table."""
    _tells.append(tell)


def serve() -> None:
    """Begin, in a process that stays and has Django; nothing with METRICS_PORT=0."""
    global _thread, _stop
    if not conf.metrics_port():
        return
    if _thread is None or not _thread.is_alive():
        _stop = threading.Event()
        _thread = threading.Thread(target=_run, args=[_stop], name="metrics", daemon=True)
        _thread.start()


def stop() -> None:
    """End it: for tests, and who gives the port to another."""
    _stop.set()
    if _thread is not None:
        _thread.join(10)


_tells: list[Callable[[], None]] = []


def _run(stop: threading.Event) -> None:
    server: HTTPServer | None = None
    while not stop.is_set():
        for tell in _tells:
            try:
                tell()
            except Exception:
                log.exception("metrics_not_told")
        if server is None:
            server = _listen()
        if server is None:
            stop.wait(EVERY)
        else:
            server.handle_request()  # returns after EVERY when nobody asks
    if server is not None:
        server.server_close()


def _listen() -> HTTPServer | None:
    """None while another process has the port."""
    if not _is_free():
        return None
    from events.metrics.door import door  # costs memory: only where it is served

    try:
        return door(conf.metrics_address(), conf.metrics_port(), wait=EVERY, patience=_PATIENCE)
    except OSError:
        return None


def _is_free() -> bool:
    family = socket.AF_INET6 if ":" in conf.metrics_address() else socket.AF_INET
    with socket.socket(family) as asked:
        asked.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            asked.bind((conf.metrics_address(), conf.metrics_port()))
        except OSError:
            return False
    return True


def _forget_after_fork() -> None:
    global _thread
    _thread = None


os.register_at_fork(after_in_child=_forget_after_fork)
