"""What has landed stays: numbered steps, SQL and Django's, are never edited."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from plg_site import landed
from plg_site.configuration import site_file

FIRST = "5ec79f5528c147e80b7b831e8728a777ea97ba4e"  # what had been edited before it, stays edited


def test_every_numbered_step_is_as_it_landed():
    assert landed.compare().words() == []


def test_no_step_of_an_older_commit_was_edited_together_with_its_hash():
    git = ["git", "-C", str(landed.ROOT)]
    known = subprocess.run([*git, "cat-file", "-e", f"{FIRST}^{{commit}}"], capture_output=True)
    if known.returncode != 0:
        pytest.skip(f"this clone has no commit {FIRST[:7]}: git fetch --unshallow")
    changed = subprocess.run(
        [*git, "diff", "--name-only", "--no-renames", "--diff-filter=MDT", FIRST, "--",
         *landed.recorded()],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert changed.stdout.split() == []


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Some steps that have landed."""
    for path in (
        "shop/migrations/0001_initial.py",
        "log/sql/0001_log.sql",
        "log/sql_else/0001.sql",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("-- made\n")
    (tmp_path / "plg_site").mkdir()
    (tmp_path / "shop" / "migrations" / "__init__.py").touch()
    (tmp_path / ".venv" / "x" / "migrations").mkdir(parents=True)
    (tmp_path / ".venv" / "x" / "migrations" / "0001_theirs.py").touch()
    assert len(landed.add(tmp_path).new) == 3
    assert landed.compare(tmp_path).is_whole
    return tmp_path


@pytest.mark.parametrize("path", ["shop/migrations/0001_initial.py", "log/sql_else/0001.sql"])
def test_a_step_that_is_edited_is_named_and_no_command_accepts_it(tree, path):
    (tree / path).write_text("-- made otherwise\n")
    assert landed.compare(tree).edited == [path]
    landed.add(tree)
    assert landed.compare(tree).words() == [
        f"{path} has landed and was edited: take it back, add a step"
    ]


def test_a_step_that_is_gone_is_named(tree):
    shutil.rmtree(tree / "log" / "sql")
    assert landed.compare(tree).gone == ["log/sql/0001_log.sql"]


def test_a_new_step_is_missing_until_it_is_taken_in(tree):
    (tree / "log" / "sql" / "0002_more.sql").write_text("-- more\n")
    assert list(landed.compare(tree).new) == ["log/sql/0002_more.sql"]
    landed.add(tree)
    assert landed.compare(tree).is_whole


def test_the_command_names_what_is_new_and_takes_it_in(tree):
    for module in (landed, site_file):  # they look at the tree in which they lie
        place = tree.joinpath(*module.__name__.split(".")).with_suffix(".py")
        place.parent.mkdir(exist_ok=True)
        (place.parent / "__init__.py").touch()  # else the package on PYTHONPATH would win
        shutil.copy(module.__file__, place)

    def said(*words: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "plg_site.landed", *words],
            cwd=tree, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        return done.returncode, done.stdout

    assert said() == (0, "3 steps are as they landed.\n")
    (tree / "log" / "sql" / "0002_more.sql").write_text("-- more\n")
    new = "log/sql/0002_more.sql"
    assert said() == (1, f"{new} is new: python -m plg_site.landed --add\n")
    assert said("--add") == (0, f"{new} is taken in\n4 steps are as they landed.\n")
