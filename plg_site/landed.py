"""Numbered steps, SQL and Django's, are never edited once they have landed: a file holds their hashes.

    python -m plg_site.landed           # says what was edited, is gone, or is not in the file yet
    python -m plg_site.landed --add     # takes in the new ones

An installation that has applied a step does not apply it again. Whoever edits it makes two kinds of
installations, with other tables under the same code. What a step should have done, a later one does.

The file is one of `sha256sum`, by path: `sha256sum -c plg_site/landed.sha256` says the same.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from plg_site.configuration import site_file

ROOT = Path(__file__).resolve().parents[1]
FILE = Path("plg_site", "landed.sha256")
_NOT_OURS = {"node_modules"}  # and whatever begins with a full stop


@dataclass(frozen=True)
class Comparison:
    """What the tree has beside what the file says. Paths from the root, in order."""

    new: dict[str, str] = field(default_factory=dict)  # with their hashes
    edited: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return not (self.new or self.edited or self.gone)

    def words(self) -> list[str]:
        """A line for each step that is not as it landed."""
        return [
            *(
                f"{path} has landed and was edited: take it back, add a step"
                for path in self.edited
            ),
            *(f"{path} has landed and is gone: bring it back" for path in self.gone),
            *(f"{path} is new: python -m plg_site.landed --add" for path in self.new),
        ]


def steps(root: Path = ROOT) -> dict[str, str]:
    """All numbered steps below `root`: path and SHA-256, in hexadecimal digits."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(_files(root))
    }


def _files(root: Path) -> Iterator[Path]:
    not_ours = {*_NOT_OURS, *site_file.own_products(root)}  # a new product's are still its maker's
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in not_ours and name[0] != "."]
        where = Path(folder)
        if where.name == "migrations":
            yield from (where / name for name in names if name.endswith(".py") and name[0] != "_")
        elif where.name.partition("_")[0] == "sql":
            yield from (where / name for name in names if name.endswith(".sql"))


def recorded(root: Path = ROOT) -> dict[str, str]:
    """What the file says; nothing when there is none."""
    if not (file := root / FILE).exists():
        return {}
    lines = [line.split("  ", 1) for line in file.read_text().splitlines() if line]
    return {path: digest for digest, path in lines}


def compare(root: Path = ROOT) -> Comparison:
    """The tree and the file."""
    there, known = steps(root), recorded(root)
    return Comparison(
        new={path: digest for path, digest in there.items() if path not in known},
        edited=[path for path, digest in there.items() if known.get(path, digest) != digest],
        gone=[path for path in known if path not in there],
    )


def add(root: Path = ROOT) -> Comparison:
    """Take the new ones into the file, and nothing else; what was found beforehand."""
    found = compare(root)
    if found.new:
        _write(recorded(root) | found.new, root)
    return found


def _write(known: Mapping[str, str], root: Path) -> None:
    lines = [f"{digest}  {path}\n" for path, digest in sorted(known.items())]
    (root / FILE).write_text("".join(lines))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m plg_site.landed", description=__doc__)
    parser.add_argument("--add", action="store_true", help="take in the new ones")
    options = parser.parse_args(arguments)
    found = add() if options.add else compare()
    if options.add:
        print("\n".join([*(f"{path} is taken in" for path in found.new)] or ["Nothing is new."]))
        found = compare()
    print("\n".join(found.words() or [f"{len(recorded())} steps are as they landed."]))
    return int(not found.is_whole)


if __name__ == "__main__":
    sys.exit(main())
