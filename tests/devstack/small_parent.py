"""What a parent loads in tests of forking: next to nothing, or what it must not."""

from __future__ import annotations

import os
import threading
import time

import uuid_utils.compat

FIRST = ""


def load() -> None:
    global FIRST
    FIRST = str(uuid_utils.compat.uuid7())  # its generator has a state, which a fork copies
    if os.environ.get("WITH_A_THREAD"):
        threading.Thread(target=time.sleep, args=[60], daemon=True, name="forgotten").start()
