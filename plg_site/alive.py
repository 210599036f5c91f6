"""`python -m plg_site.alive worker`: whether what answers no requests makes progress on this machine.

For a liveness probe or a watchdog. Names: worker, beat, events, readers, outbound; several may be given,
such as all five for a process that runs them together. Exit code 0: each is there and has moved within
--within seconds. 1: one is not there, stands still, or has ended without a word; a line says which.

A loop touches a file of its own while it moves (`events.heartbeats`, which every process gives this to):

    <STATE_DIR>/alive/<name>.<host>.<process>

Here is all that knows of these files, and it needs nothing else: no Django, no settings but STATE_DIR, no
question to anybody. Several loops may be threads of one process.
"""

import argparse
import math
import os
import sys
import time
from contextlib import suppress
from pathlib import Path

NAMES = ("worker", "beat", "events", "readers", "outbound")
WITHIN = 45.0  # seconds; the slowest of them beats every ten
_EVERY = 1.0  # seconds; what is said more often is not written
_written: dict[str, float] = {}


def folder() -> Path:
    """Where the heartbeats lie (settings.STATE_DIR)."""
    given = os.environ.get("STATE_DIR")
    state = Path(given) if given else Path(__file__).resolve().parent.parent / ".local"
    return state / "alive"


def beat(name: str) -> None:
    """This process's loop of this name moves. A disk that takes nothing is no reason to stop."""
    now = time.monotonic()
    if now - _written.get(name, -math.inf) < _EVERY:
        return
    _written[name] = now
    with suppress(OSError):
        file = _file(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def end(name: str) -> None:
    """It was told to end."""
    _written.pop(name, None)
    with suppress(OSError):
        _file(name).unlink(missing_ok=True)


def _file(name: str) -> Path:
    return folder() / f"{name}.{os.uname().nodename}.{os.getpid()}"


def look(name: str, *, within: float, where: Path, now: float) -> tuple[bool, str]:
    """Whether every process of this name that is there has moved, and a line of words."""
    here = f".{os.uname().nodename}."
    moved = []
    for file in where.glob(f"{name}{here}*"):
        try:
            ago, pid = now - file.stat().st_mtime, int(file.name.rpartition(".")[2])
        except (OSError, ValueError):  # it has just ended
            continue
        if not _is_there(pid):
            file.unlink(missing_ok=True)  # it was killed
        elif ago > within:
            return False, f"{name}: process {pid} has not moved for {ago:.0f} s"
        else:
            moved.append(ago)
    if not moved:
        return False, f"{name}: there is none that runs (looked in {where})"
    return True, f"{name}: moved {max(0.0, min(moved)):.0f} s ago"


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it runs as somebody else
        return True
    return True


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="plg_site.alive", description=__doc__.split("\n\n")[0])
    parser.add_argument("names", nargs="+", choices=NAMES, metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--within", type=float, default=WITHIN, help="seconds (default: 45)")
    given = parser.parse_args(arguments)
    looks = [
        look(name, within=given.within, where=folder(), now=time.time()) for name in given.names
    ]
    for is_well, words in looks:
        print(words, file=sys.stdout if is_well else sys.stderr)
    return 0 if all(is_well for is_well, _ in looks) else 1


if __name__ == "__main__":
    sys.exit(main())
