"""A pool that nobody holds any more ends its threads, without the garbage collector."""

from __future__ import annotations

import gc
import threading
import time

from django.conf import settings

from events.postgres import Pool


def of_pool(name: str) -> list[str]:
    return [each.name for each in threading.enumerate() if each.name.startswith(f"{name}-")]


def test_a_forgotten_pool_ends():
    gc.disable()
    try:
        pool = Pool(
            settings.EVENTS_DATABASE_URL, what="forgotten", min_size=0, max_size=1, name="forgotten"
        )
        assert of_pool("forgotten")
        del pool
        until = time.monotonic() + 60
        while of_pool("forgotten"):
            assert time.monotonic() < until, "its threads go on"
            time.sleep(0.05)
    finally:
        gc.enable()
