"""Peers that send forwarded headers without being in TRUSTED_PROXIES, kept for `doctor` to name.

Anybody can send such a header: what is kept is bounded, and each process writes seldom.
"""

from __future__ import annotations

import threading
import time

import structlog
from django.core.cache import cache

log = structlog.get_logger()
MOST = 20  # peers
KEPT_FOR = 24 * 3600  # seconds
SELDOM = 5.0  # seconds between two writes of a process
_KEY = "undeclared-proxies"
_lock = threading.Lock()
_next_write = 0.0


def remember(peer: str) -> None:
    """Note that this peer did so, unless another was noted just now. Never raises."""
    global _next_write
    if time.monotonic() < _next_write or not _lock.acquire(blocking=False):
        return
    try:
        _next_write = time.monotonic() + SELDOM
        known = seen()
        if peer not in known:
            log.warning("client_address.undeclared_proxy", peer=peer)
        known[peer] = time.time()
        newest = sorted(known.items(), key=lambda each: each[1])[-MOST:]
        cache.set(_KEY, dict(newest), KEPT_FOR)
    except Exception:  # a request must not fail because of a note about it
        log.exception("client_address.not_noted", peer=peer)
    finally:
        _lock.release()


def seen() -> dict[str, float]:
    """Peers and when they were last noted (seconds since the epoch)."""
    known = cache.get(_KEY)
    return dict(known) if isinstance(known, dict) else {}


def forget() -> None:
    """For who has declared them."""
    global _next_write
    _next_write = 0.0
    cache.delete(_KEY)
