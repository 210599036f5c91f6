"""`bin/dev` restarts every process of the project when a file that they have read has changed.

By looking at the files once a second: it works on every machine and file system, and takes a few
milliseconds. One way for all of them, so that a worker never runs yesterday's code beside today's pages.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from plg_site.devstack import preparation
from plg_site.devstack.options import ROOT
from plg_site.devstack.preparation import PreparationFailed
from plg_site.devstack.programs import APPLICATION, PARENT, SIMULATOR
from plg_site.devstack.progress import Step
from plg_site.devstack.stack import Stack
from plg_site.devstack.supervisor import NotReady

LOOK_EVERY = 1.0  # seconds
QUIET_FOR = 0.3  # an editor or a `git pull` writes several files
# Others are looked up on each request: styles, scripts, pictures.
READ_ONCE = {".py", ".html", ".txt", ".sql", ".json", ".toml", ".po"}
# What database, plans or the pool of workspaces are made of: their tables follow before anything starts.
PREPARED_FROM = {"catalogue.py", "templates.py", "event_types.py", "seed.py", "portability.py"}
START_ANEW = {"site.toml", "settings.py", "pyproject.toml"}  # read before there was an environment
SHOWN = 3  # names of changed files in a line

Looks = dict[Path, tuple[int, int]]
Say = Callable[[str], None]


class Watcher:
    """Tells what has changed since it was last asked."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self._seen = self._look()

    def changed(self) -> list[Path]:
        """Files that are new, other or gone, from the root; only once they stay as they are."""
        before, now = self._seen, self._look()
        if now == before:
            return []
        while True:
            time.sleep(QUIET_FOR)
            if (later := self._look()) == now:
                break
            now = later
        self._seen = now
        files = before.keys() | now.keys()
        return sorted(
            path.relative_to(self.root) for path in files if before.get(path) != now.get(path)
        )

    def _look(self) -> Looks:
        found: Looks = {}
        for path in preparation.sources(self.root):
            if path.suffix not in READ_ONCE:
                continue
            try:
                about = path.stat()
            except OSError:  # deleted a moment ago
                continue
            found[path] = (about.st_mtime_ns, about.st_size)
        return found


def watch(stack: Stack) -> NoReturn:
    """Until somebody interrupts."""
    watcher = Watcher()
    while True:
        time.sleep(LOOK_EVERY)
        if changed := watcher.changed():
            reload(stack, changed)


def reload(stack: Stack, changed: Sequence[Path], *, root: Path = ROOT) -> None:
    """Restart the project's processes on what is there now, tables and plans first where they may
    be other ones. Where a file cannot be compiled, what runs goes on."""

    def say(line: str) -> None:
        stack.log.write("reload", line)

    say(f"{_names(changed)} changed")
    if broken := _broken(changed, root):
        for line in broken:
            say(line)
        say("Everything runs on as it was, until that is mended.")
        return
    began = time.monotonic()
    names = stack.supervisor.stop_layer(APPLICATION)
    # What they are forked from has the code that was; the simulator is forked from it, too.
    below = [*stack.supervisor.stop_layer(SIMULATOR), *stack.supervisor.stop_layer(PARENT)]
    stack.supervisor.start_again(below)
    try:
        for name in below:
            stack.wait_until_ready(name)
        if any(map(_is_prepared, changed)):
            _prepare(stack, say)
        stack.supervisor.start_again(names)
        for name in names:
            stack.wait_until_ready(name)
    except NotReady as error:
        say(f"{str(error).splitlines()[0]} It starts again when a file changes.")
        return
    say(f"{', '.join(names)} restarted in {time.monotonic() - began:.1f} s")
    if anew := [path for path in changed if path.name in START_ANEW]:
        say(
            f"{_names(anew)}: another product, state or host is only taken when you start bin/dev anew"
        )


def _prepare(stack: Stack, say: Say) -> None:
    say(
        "Tables, plans and the pool follow. A meter that is new or was changed is counted from the"
        " events that are there (manage.py rebuild_rollups does the same in production)."
    )
    try:
        preparation.prepare(stack.supervisor, stack.state, stack.env, Step("", shown=False))
    except PreparationFailed as error:  # its lines are in the log already
        say(f"{str(error).splitlines()[0]} Mend it, and the next change tries again.")


def _is_prepared(path: Path) -> bool:
    return path.name in PREPARED_FROM or path.suffix == ".sql" or "migrations" in path.parts


def _broken(changed: Sequence[Path], root: Path) -> list[str]:
    """What Python says of those of the files that are no Python."""
    found = []
    for path in changed:
        if path.suffix != ".py" or not (root / path).is_file():
            continue
        try:
            compile((root / path).read_bytes(), str(path), "exec")
        except (SyntaxError, ValueError) as error:
            found.append(f"{path}: {error}")
    return found


def _names(paths: Sequence[Path]) -> str:
    more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
    return ", ".join(map(str, paths[:SHOWN])) + more
