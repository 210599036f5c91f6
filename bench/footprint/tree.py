"""What a tree of processes holds of the memory, and computes, by parts of the project (Linux: proc(5))."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

PROC = Path("/proc")
KIB = 1024
# What a part is called, by a word of its command line; one that was forked has its name from the supervisor.
_BY_COMMAND = {
    "against_stack": "supervisor",
    "devstack.forking": "preloaded",
    "gunicorn": "web",
    "plg_site.schedule": "beat",
    "celery": "worker",
    "consume_events": "events",
    "run_outbound": "outbound",
    "plg_site.live": "live",
    "plg_site.collect": "collect",
    "stripe_simulator": "stripe",
    "valkey-server": "redis",
    "postgres": "postgres",
}
_INTERPRETERS = ("python", "pypy")


@dataclass
class Part:
    """Processes of one part of the project, and their proportional set size in MiB."""

    processes: int = 0
    mib: float = 0.0


@dataclass
class Weighed:
    """A tree at one moment."""

    parts: dict[str, Part] = field(default_factory=lambda: defaultdict(Part))

    @property
    def mib(self) -> float:
        return sum(part.mib for part in self.parts.values())

    def __str__(self) -> str:
        heaviest = sorted(self.parts.items(), key=lambda item: -item[1].mib)
        return ", ".join(f"{name} ({part.processes}) {part.mib:.0f}" for name, part in heaviest)


def can_weigh() -> bool:
    return (PROC / "self" / "smaps_rollup").is_file()


def weigh(root: int) -> Weighed:
    """The process and all below it. What several processes share is divided among them."""
    weighed = Weighed()
    for pid in _tree(root):
        try:
            said = (PROC / str(pid) / "smaps_rollup").read_text()
            name = _name(pid)
        except (OSError, UnicodeDecodeError):  # it has ended
            continue
        pss = next(line for line in said.splitlines() if line.startswith("Pss:"))
        part = weighed.parts[name]
        part.processes += 1
        part.mib += int(pss.split()[1]) / KIB
    return weighed


def processor_seconds(root: int) -> float:
    """What the process and all below it have computed so far."""
    return sum(processor_by_part(root).values())


def processor_by_part(root: int, *, with_ended: bool = False) -> dict[str, float]:
    """The same in seconds for each part of the project; `with_ended`: also of children that a process
    has waited for."""
    parts: defaultdict[str, float] = defaultdict(float)
    for pid in _tree(root):
        try:
            fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
            name = _name(pid)
        except (OSError, UnicodeDecodeError):
            continue
        ticks = sum(map(int, fields[11 : 15 if with_ended else 13]))
        parts[name] += ticks / os.sysconf("SC_CLK_TCK")
    return dict(parts)


def _tree(root: int) -> list[int]:
    below: defaultdict[int, list[int]] = defaultdict(list)
    for folder in PROC.glob("[0-9]*"):
        try:
            after_name = (folder / "stat").read_text().rpartition(")")[2]
        except OSError:
            continue
        below[int(after_name.split()[1])].append(int(folder.name))
    found, new = [], [root]
    while new:
        pid = new.pop()
        found.append(pid)
        new += below[pid]
    return found


def _name(pid: int) -> str:
    given = (PROC / str(pid) / "comm").read_text().strip()
    command = (PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace")
    if "devstack.forking" in command and not given.startswith(_INTERPRETERS):
        return given
    return next((name for word, name in _BY_COMMAND.items() if word in command), given)
