"""An older commit beside the present one: its code, its packages, and services of its own.

    older = against.checked_out("5ec79f5")             # raises NoHistory in a clone without it
    with older.running(folder) as then, against.PRESENT.running(other) as now:
        pairs = against.in_turns([then, now], measure, runs=5)

The code is a git worktree below `.local/against/`, kept for the next time. Its virtual environment
has the packages of its own requirements that are not installed here in the same version; all others
it takes from this environment. A side runs as `bin/dev` would run it, in a process of its own that is
of that commit altogether (`against_stack.py`), on free ports, in the state folder that it is given.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

from packaging.requirements import Requirement

from plg_site.devstack.options import ROOT
from plg_site.devstack.programs import without_made_up, without_services

_S = TypeVar("_S")
FOLDER = ROOT / ".local" / "against"
_STACK = Path(__file__).with_name("against_stack.py")
_SAYS = "against: "  # in front of what a side's process answers


class NoHistory(Exception):
    """This clone does not have the commit. Says how to get it."""


class SideFailed(Exception):
    """The other commit's code did not start, or a script failed in it. Says what it said."""


@dataclass(frozen=True)
class Side:
    """One commit that runs: `site` like http://plg.localhost:8000, `env` of all of its processes,
    which stand below the process `pid`."""

    code: Code
    site: str
    domain: str
    port: int
    env: Mapping[str, str]
    pid: int

    def of(self, code: Code) -> Side:
        """These services and this state, for scripts of another commit."""
        env = {**self.env, "PYTHONPATH": str(code.tree)}
        return replace(self, code=code, env=env)

    def run(self, script: Path, *arguments: str, timeout: float = 300) -> Any:
        """Run a script in this commit's code and environment; what it prints last, read as JSON.

        Raises SideFailed.
        """
        done = subprocess.run(  # noqa: S603
            [str(self.code.python), str(script), *arguments],
            env=dict(self.env), cwd=self.code.tree, capture_output=True, text=True, timeout=timeout,
        )  # fmt: skip
        if done.returncode != 0:
            raise SideFailed(
                f"{script.name} in {self.code.name}:\n{(done.stdout + done.stderr)[-4000:]}"
            )
        lines = done.stdout.splitlines()
        return json.loads(lines[-1]) if lines else None


@dataclass(frozen=True)
class Code:
    """A commit, ready to run: where its files are, and a Python that has its packages."""

    name: str
    tree: Path
    python: Path

    @contextmanager
    def running(
        self,
        folder: Path,
        *,
        port: int | None = None,
        services_only: bool = False,
        apart: bool = False,
        environ: Mapping[str, str] | None = None,
    ) -> Iterator[Side]:
        """All of its processes (or databases and Redis alone) on this state, until the block ends.

        `apart`: as in production, also where `bin/dev` puts some of them together. `environ` wins
        over what this process has; services that were given to this process are not used. Raises
        SideFailed.
        """
        given = without_services(without_made_up(os.environ)) | dict(environ or {})
        given |= {"PYTHONPATH": str(self.tree)}
        order = {"folder": str(folder), "port": port, "services_only": services_only}
        order |= {"apart": apart}
        with subprocess.Popen(  # noqa: S603
            [str(self.python), str(_STACK), json.dumps(order)],
            cwd=self.tree, env=given, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as child:  # fmt: skip
            assert child.stdin is not None  # noqa: S101
            try:
                yield Side(self, pid=child.pid, **_told(child, self.name))
            finally:
                child.stdin.close()  # it stops what it started, and ends
                child.wait(timeout=120)


PRESENT = Code("the present commit", ROOT, Path(sys.executable))


def _told(child: subprocess.Popen[str], name: str) -> dict[str, Any]:
    said: list[str] = []
    for line in child.stdout or ():
        if line.startswith(_SAYS):
            told: dict[str, Any] = json.loads(line.removeprefix(_SAYS))
            return told
        said.append(line)
    raise SideFailed(f"{name} did not start:\n{''.join(said[-40:])}")


def checked_out(commit: str, *, say: Callable[[str], None] = lambda words: None) -> Code:
    """The commit's worktree and virtual environment, made when missing. Raises NoHistory, SideFailed."""
    full = _resolved(commit)
    folder = FOLDER / full[:12]
    tree = folder / "tree"
    if _git("-C", str(tree), "rev-parse", "HEAD", within=tree) != full:
        say(f"worktree of {commit}")
        folder.mkdir(parents=True, exist_ok=True)
        _git("worktree", "prune")
        _git("worktree", "add", "--force", "--detach", str(tree), full, must=True)
    python = folder / "venv" / "bin" / "python"
    missing = _missing(tree / "requirements.txt")
    stamp = folder / "venv" / "packages"
    wanted = "\n".join([sys.version, *missing])
    if not (stamp.is_file() and stamp.read_text() == wanted):
        say(f"packages of {commit}: {len(missing)} are others")
        _make_venv(folder / "venv", missing)
        stamp.write_text(wanted)
    return Code(f"commit {commit}", tree, python)


def in_turns(
    sides: Sequence[_S], measure: Callable[[_S], float], *, runs: int
) -> list[list[float]]:
    """Measure each side `runs` times, A B A B; the values of each side, in the order of the sides.

    A side is a Side, or whatever was made of one.
    """
    turns = [[measure(side) for side in sides] for _ in range(runs)]
    return [list(column) for column in zip(*turns, strict=True)]


def medians(columns: Sequence[Sequence[float]]) -> list[float]:
    """The median of each side's values."""
    return [statistics.median(column) for column in columns]


def _resolved(commit: str) -> str:
    full = _git("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}")
    if not full:
        raise NoHistory(
            f"This clone does not have commit {commit}: it is shallow, or was made from an archive."
            f" `git fetch --unshallow` brings the history."
        )
    return full


def _git(*words: str, must: bool = False, within: Path | None = None) -> str:
    """What git says; empty when it fails, or when `within` is not there. Raises SideFailed."""
    if within is not None and not within.exists():
        return ""
    # Variables of an outer git command (a hook, say) would name another repository.
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(  # noqa: S603
            ["git", *words],  # noqa: S607
            cwd=ROOT,
            env=env,
            capture_output=True,
            text=True,
        )
    except FileNotFoundError:
        return ""
    if must and done.returncode != 0:
        raise SideFailed(f"git {' '.join(words)}: {done.stderr}")
    return done.stdout.strip() if done.returncode == 0 else ""


def _missing(requirements: Path) -> list[str]:
    """The pins that are not installed here in that version."""
    found = []
    for line in requirements.read_text().splitlines():
        pin = line.split(" \\")[0].split(" #")[0].strip()
        if not pin or pin.startswith(("#", "-")):
            continue
        wanted = Requirement(pin)
        if wanted.marker is not None and not wanted.marker.evaluate():
            continue
        if not _is_installed(wanted):
            found.append(f"{wanted.name}{wanted.specifier}")
    return found


def _is_installed(wanted: Requirement) -> bool:
    try:
        return wanted.specifier.contains(metadata.version(wanted.name), prereleases=True)
    except metadata.PackageNotFoundError:
        return False


def _make_venv(folder: Path, missing: Sequence[str]) -> None:
    """Its own packages come first on the path; then those that are installed here."""
    venv.EnvBuilder(clear=True, symlinks=True, with_pip=False).create(folder)
    base = {"base": str(folder), "platbase": str(folder)}
    own = Path(sysconfig.get_path("purelib", scheme="venv", vars=base))
    if missing:
        install = [
            sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input",
            "--quiet", "--no-deps", "--only-binary=:all:", "--root-user-action=ignore",
            "--target", str(own), *missing,
        ]  # fmt: skip
        done = subprocess.run(install, capture_output=True, text=True)  # noqa: S603
        if done.returncode != 0:
            raise SideFailed(f"pip could not install {', '.join(missing)}:\n{done.stderr[-2000:]}")
    (own / "present.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
