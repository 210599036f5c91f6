"""Is a process still there? On Linux and on a Mac alike."""

from __future__ import annotations

import psutil


def is_alive(pid: int) -> bool:
    """False for a zombie, too: it only waits for somebody to ask how it ended."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
