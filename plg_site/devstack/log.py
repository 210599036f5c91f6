"""One readable log of many processes: time, name, line; coloured and aligned on a terminal."""

import re
import sys
import threading
import time
from collections import deque
from pathlib import Path

KEEP_BYTES = 5_000_000
COLOURS = ("36", "33", "32", "35", "34", "96", "93", "92", "95", "94")
# What a line of a log must not do to a terminal: move the cursor, retitle it, ring it.
CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f\x80-\x9f]")


class Log:
    """Writes lines to the state's log file and, when `echo` is on, to standard output."""

    def __init__(self, path: Path, *, width: int = 9, echo: bool = False) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        _rotate(path)
        self._file = path.open("a", encoding="utf-8", buffering=1)
        self._width = width
        self._lock = threading.Lock()
        self._colours: dict[str, str] = {}
        self._recent: dict[str, deque[str]] = {}
        self.echo = echo

    def write(self, name: str, line: str, *, quiet: bool = False) -> None:
        """One line of one process; a quiet one goes to the file only."""
        line = CONTROL.sub("", line.rstrip())
        now = time.time()
        clock = time.strftime("%H:%M:%S", time.localtime(now))
        with self._lock:
            if self._file.closed:
                return
            self._recent.setdefault(name, deque(maxlen=30)).append(line)
            day = time.strftime("%Y-%m-%d", time.localtime(now))
            self._file.write(
                f"{day} {clock}.{int(now % 1 * 1000):03} {name:<{self._width}} {line}\n"
            )
            if self.echo and not quiet:
                print(f"{clock} {self._shown(name)} {line}", flush=True)

    def recent(self, name: str) -> list[str]:
        """The last lines of one process, oldest first."""
        with self._lock:
            return list(self._recent.get(name, ()))

    def close(self) -> None:
        with self._lock:
            self._file.close()

    def _shown(self, name: str) -> str:
        padded = f"{name:<{self._width}}│"
        if not sys.stdout.isatty():
            return padded
        colour = self._colours.setdefault(name, COLOURS[len(self._colours) % len(COLOURS)])
        return f"\033[{colour}m{padded}\033[0m"


def _rotate(path: Path) -> None:
    if not path.exists() or path.stat().st_size < KEEP_BYTES:
        return
    for number in (2, 1):
        older = path.with_name(f"{path.name}.{number}")
        if older.exists():
            older.replace(path.with_name(f"{path.name}.{number + 1}"))
    path.replace(path.with_name(f"{path.name}.1"))
