"""Steps shown with their time, on a terminal and in a log file alike."""

import contextlib
import os
import sys
import time
from collections.abc import Iterator

NAME_WIDTH = 24
DETAIL_EVERY = 5.0  # seconds between progress lines where a line cannot be drawn over


def colour(text: str, code: str) -> str:
    """The text in an ANSI colour, where standard output shows colours (https://no-color.org)."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\033[{code}m{text}\033[0m"


class Step:
    """One line of progress: its name, what it is doing now, and how long it took."""

    def __init__(self, name: str, *, shown: bool = True, say_every: float = DETAIL_EVERY) -> None:
        self.name = name
        self.say_every = say_every
        self.shown = shown
        self.note = ""
        self.failed = False
        self.started = time.monotonic()
        self._said_at = self.started
        self._draws = sys.stdout.isatty()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    def doing(self, detail: str) -> None:
        """Show what is going on now; the end of the step replaces it."""
        if not self.shown:
            return
        if self._draws:
            line = f"  … {self.name:<{NAME_WIDTH}} {self.seconds:6.1f} s   {detail}"
            sys.stdout.write(f"\r\033[K{line[: _columns() - 1]}")
        elif detail and time.monotonic() - self._said_at >= self.say_every:
            self._said_at = time.monotonic()
            sys.stdout.write(f"  … {self.name:<{NAME_WIDTH}} {self.seconds:6.1f} s   {detail}\n")
        sys.stdout.flush()

    def clear(self) -> None:
        """Make room for lines that stay; the next `doing` comes below them."""
        if self.shown and self._draws:
            sys.stdout.write("\r\033[K")

    def part(self, line: str) -> None:
        """Show one part of the step that is done, and leave it there."""
        if self.shown:
            clear = "\r\033[K" if self._draws else ""
            sys.stdout.write(f"{clear}{colour(f'      {line.strip()}', '2')}\n")
            self.doing("")

    def end(self, *, mark: str) -> None:
        if not self.shown:
            return
        clear = "\r\033[K" if self._draws else ""
        note = colour(f"   {self.note}", "2") if self.note else ""
        sys.stdout.write(f"{clear}  {mark} {self.name:<{NAME_WIDTH}} {self.seconds:6.1f} s{note}\n")
        sys.stdout.flush()


@contextlib.contextmanager
def step(name: str, *, shown: bool = True) -> Iterator[Step]:
    """Show a step while its block runs, which may set `.note` or `.failed`."""
    line = Step(name, shown=shown)
    line.doing("")
    try:
        yield line
    except BaseException:
        line.end(mark=colour("✗", "31"))
        raise
    line.end(mark=colour("✗", "31") if line.failed else colour("✓", "32"))


def _columns() -> int:
    try:
        return os.get_terminal_size().columns or 100
    except OSError:
        return 100
