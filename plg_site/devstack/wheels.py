"""Has every pin a wheel on the machines that adopters have? `.venv/bin/python -m plg_site.devstack.wheels`

Asks what pip is configured to ask (an index, a mirror, a folder of files), as the start of `bin/dev` on
such a machine would: wheels only, and only those whose hash is pinned. Nothing is installed.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.markers import Marker, default_environment
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[2]
FILES = [ROOT / f"requirements{name}.txt" for name in ("", "-dev", "-tracing")]
PYTHONS = ("3.12", "3.13")
# What Debian 11, Ubuntu 22.04, RHEL 9 and all later ones have at the least (PEP 600); PEP 425 on a Mac.
GLIBC = 31
MACOS = 14
PIN = re.compile(r"^([\w.-]+)(?:\[[^\]]*\])?==([^\s;\\]+)(?:\s*;\s*([^\\]+?))?\s*\\?$")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
NONE_FOUND = re.compile(r"No matching distribution found for ([\w.-]+)==")


class CannotTell(Exception):
    """pip did not answer the question; the message is what it said."""


@dataclass(frozen=True)
class Pin:
    """A line of a requirements file: `marker` says where it is wanted (PEP 508), "" everywhere."""

    name: str
    version: str
    marker: str
    hashes: frozenset[str]

    def __str__(self) -> str:
        return f"{self.name}=={self.version}"


@dataclass(frozen=True)
class Machine:
    """One kind of machine: the tags that pip accepts there, and how its markers are read."""

    title: str
    python: str
    tags: tuple[str, ...]
    marks: tuple[tuple[str, str], ...]

    def wants(self, pin: Pin) -> bool:
        version = {"python_version": self.python, "python_full_version": f"{self.python}.0"}
        here: dict[str, str] = {name: str(said) for name, said in default_environment().items()}
        environment = {**here, **dict(self.marks), **version}
        return not pin.marker or Marker(pin.marker).evaluate(environment)


def machines() -> list[Machine]:
    """Linux on x86-64 and arm64 and Apple's arm64, each with each Python."""
    found = []
    for python in PYTHONS:
        for title, processor in (("Linux x86-64", "x86_64"), ("Linux arm64", "aarch64")):
            newest_first = [f"manylinux_2_{minor}_{processor}" for minor in range(GLIBC, 4, -1)]
            tags = [*newest_first, f"manylinux2014_{processor}", f"linux_{processor}"]
            marks = {
                "platform_system": "Linux",
                "sys_platform": "linux",
                "platform_machine": processor,
            }
            found.append(Machine(title, python, tuple(tags), tuple(marks.items())))
        marks = {"platform_system": "Darwin", "sys_platform": "darwin", "platform_machine": "arm64"}
        found.append(
            Machine("macOS arm64", python, (f"macosx_{MACOS}_0_arm64",), tuple(marks.items()))
        )
    return found


def pins(files: Iterable[Path] = FILES) -> list[Pin]:
    """All of them, each once, though both files name it."""
    found = {pin: None for file in files for pin in _of(file.read_text())}
    return list(found)


def missing(machine: Machine, wanted: Iterable[Pin]) -> list[str]:
    """What cannot be had there, in words: no wheel, or one whose hash is not pinned. Raises CannotTell."""
    left = {_normal(pin.name): pin for pin in wanted if machine.wants(pin)}
    said = []
    while left:
        found = _ask(machine, left.values())
        if isinstance(found, str):  # pip stops at the first
            said.append(f"{left.pop(_normal(found))}: no wheel")
            continue
        for name, pin in left.items():
            if found[name]["download_info"]["archive_info"]["hashes"]["sha256"] not in pin.hashes:
                said.append(f"{pin}: the wheel's hash is not pinned")
            pythons = found[name]["metadata"].get("requires_python", "")
            if not SpecifierSet(pythons).contains(f"{machine.python}.0"):
                said.append(f"{pin}: is for Python {pythons}")
        break
    return said


def _of(text: str) -> Iterator[Pin]:
    begun: re.Match[str] | None = None
    hashes: set[str] = set()
    for line in [*text.splitlines(), ""]:
        if found := HASH.search(line):
            hashes.add(found[1])
            continue
        if begun:
            yield Pin(begun[1], begun[2], (begun[3] or "").strip(), frozenset(hashes))
        begun, hashes = PIN.match(line), set()


def _ask(machine: Machine, wanted: Iterable[Pin]) -> dict[str, Any] | str:
    """What pip would install (its installation report) by name; or the name of a pin without a wheel."""
    options = ["--python-version", machine.python, "--implementation", "cp"]
    options += [part for tag in machine.tags for part in ("--platform", tag)]
    done = subprocess.run(  # noqa: S603
        [
            sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--ignore-installed",
            "--no-deps", "--no-input", "--disable-pip-version-check", "--only-binary=:all:",
            # pip would ask for the Python that it runs on itself; `missing` asks for the one meant.
            "--ignore-requires-python", "--target", "unused", "--report", "-", *options, *map(str, wanted),
        ],
        capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if found := NONE_FOUND.search(done.stderr):
        return found[1]
    if done.returncode:
        raise CannotTell(done.stderr.strip())
    return {_normal(row["metadata"]["name"]): row for row in json.loads(done.stdout)["install"]}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()  # PEP 503


def main() -> int:
    """0: each pin has a wheel everywhere; 1: one has not; 2: pip could not say."""
    wanted, lacks = pins(), 0
    for machine in machines():
        try:
            said = missing(machine, wanted)
        except CannotTell as error:
            print(error, file=sys.stderr)
            return 2
        count = sum(map(machine.wants, wanted))
        lacks += len(said)
        answer = f"{len(said)} of {count} lack one" if said else f"all {count} have one"
        print(f"{machine.title:<13} Python {machine.python}   {answer}", flush=True)
        print("".join(f"    {line}\n" for line in said), end="", flush=True)
    return 1 if lacks else 0


if __name__ == "__main__":
    sys.exit(main())
