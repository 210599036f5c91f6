"""The table of this machine (or container), as this process uses it; none where nobody asks."""

from __future__ import annotations

import os
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

import structlog

from events import conf
from events.metrics.table import Table

log = structlog.get_logger()
_SHARED = Path("/dev/shm")  # noqa: S108  memory; the file's owner is looked at
_lock = threading.Lock()
_table: Table | None = None
_looked = False
# What a forked process has of its parent. It stays: to close any descriptor of a file lets go of all
# locks that the process has on it (fcntl(2)).
_inherited: list[Table] = []


def here() -> Table | None:
    """The table; None with METRICS_PORT=0, or where it could not be made."""
    if _looked:
        return _table
    return _open()


def folder() -> Path:
    """Where the file lies: never on a disk that machines share."""
    return _SHARED if _SHARED.is_dir() else Path(tempfile.gettempdir())


def file() -> Path:
    """One for each user and port: who shares the port is asked together."""
    return folder() / f"plg-metrics-{os.geteuid()}-{conf.metrics_port()}"


def forget() -> None:
    """Look again: in a forked process, and when settings have changed."""
    global _table, _looked, _lock
    _lock = threading.Lock()
    _table, _looked = None, False


def forget_the_parent() -> None:
    """Locks are not inherited: what is forked takes a column of its own."""
    if _table is not None:
        _inherited.append(_table)
    forget()


def _open() -> Table | None:
    global _table, _looked
    with _lock:
        if _looked:
            return _table
        if conf.metrics_port():
            try:
                _table = Table(file())
            except OSError as error:
                log.warning("metrics_not_kept", error=str(error))
        _looked = True  # from here on nobody takes the lock
        return _table


def leave() -> None:
    """Let go of this process's column."""
    if _table is not None:
        with suppress(OSError, BufferError):
            _table.close()
    forget()


os.register_at_fork(after_in_child=forget_the_parent)
