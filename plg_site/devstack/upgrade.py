"""`bin/upgrade --check REF`: what taking a later version of the platform would do to this copy.

Asks git for the merge and writes nothing: neither the working tree nor a branch changes.
"""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from plg_site.devstack.options import ROOT


class CannotTell(Exception):
    """git could not be asked; the message says why."""


@dataclass(frozen=True)
class Merge:
    """How many commits would come, which files would change, and which of them in two ways."""

    commits: int
    changed: list[str]
    conflicts: list[str]


def run(ref: str, root: Path = ROOT) -> int:
    """Say it. 0: nothing would conflict; 1: something would; 2: it cannot be told."""
    try:
        found = merge(ref, root=root)
    except CannotTell as error:
        print(error, file=sys.stderr)
        return 2
    print("\n".join(words(ref, found)))
    return 1 if found.conflicts else 0


def merge(ref: str, *, root: Path = ROOT) -> Merge:
    """What a merge of `ref` into HEAD would be. Raises CannotTell."""
    _git(
        root, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", missing=f"{ref} is not here"
    )
    base = _git(root, "merge-base", "HEAD", ref, missing=f"{ref} has no commit in common with this")
    commits = int(_git(root, "rev-list", "--count", f"HEAD..{ref}"))
    changed = _git(root, "diff", "--name-only", "-z", base, ref).split("\0")
    asked = ["merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", "HEAD", ref]
    _tree, *conflicts = _git(root, *asked, fine=(0, 1)).split("\0")
    return Merge(commits, sorted(filter(None, changed)), sorted({*filter(None, conflicts)}))


def words(ref: str, found: Merge) -> list[str]:
    """The answer, line by line."""
    if not found.commits:
        return [f"This copy has all of {ref} already."]
    said = [f"{ref} brings {found.commits} commits, which change {len(found.changed)} files."]
    if not found.conflicts:
        return [*said, f"None of them conflicts with what was changed here: git merge {ref}"]
    return [
        *said,
        f"{len(found.conflicts)} of them conflict with what was changed here:",
        *(f"  {path}" for path in found.conflicts),
        f"Look at each with: git diff HEAD...{ref} -- PATH",
    ]


def _git(root: Path, *words: str, missing: str = "", fine: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run(  # noqa: S603
        ["git", "-C", str(root), *words],  # noqa: S607
        capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode not in fine:
        said = missing or done.stderr.strip().partition("\n")[0] or "git failed"
        raise CannotTell(
            f"{said}. Fetch the platform first: git remote add platform URL; git fetch platform; "
            "bin/upgrade --check platform/main (git 2.38 or later)"
        )
    return done.stdout.strip("\n")
