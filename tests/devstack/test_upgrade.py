"""`bin/upgrade --check`: what a later version of the platform would do to a copy. With a real git."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from plg_site.devstack import upgrade
from plg_site.devstack.options import ROOT
from tests.devstack.adopters import in_tree

WHO = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"]


def git(tree: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(tree), *WHO, *words], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def commit(tree: Path, **files: str) -> None:
    for name, text in files.items():
        (tree / name).write_text(text)
    git(tree, "add", "-A")
    git(tree, "commit", "-q", "-m", "a change")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of a platform that has gone on since: `platform` has changed two files."""
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path, settings="one\n", page="one\n", mine="one\n")
    git(tmp_path, "checkout", "-q", "-b", "platform")
    commit(tmp_path, settings="two\n", page="two\n")
    git(tmp_path, "checkout", "-q", "main")
    return tmp_path


def test_files_that_were_changed_on_both_sides_are_named(copy: Path) -> None:
    commit(copy, settings="mine\n", mine="mine\n")
    before = git(copy, "rev-parse", "HEAD")
    found = upgrade.merge("platform", root=copy)
    assert (found.commits, found.changed, found.conflicts) == (
        1,
        ["page", "settings"],
        ["settings"],
    )
    assert "  settings" in upgrade.words("platform", found)
    assert upgrade.run("platform", root=copy) == 1
    assert (git(copy, "rev-parse", "HEAD"), git(copy, "status", "--short")) == (before, "")


def test_changes_elsewhere_do_not_conflict(copy: Path) -> None:
    commit(copy, mine="mine\n")
    assert upgrade.merge("platform", root=copy).conflicts == []
    assert upgrade.run("platform", root=copy) == 0


def test_a_copy_that_has_everything_is_told_so(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    git(copy, "merge", "-q", "platform")
    assert upgrade.run("platform", root=copy) == 0
    assert "has all of platform already" in capsys.readouterr().out


def test_what_was_not_fetched_is_asked_for(bare_environ: dict[str, str]) -> None:
    ended = in_tree(ROOT, "bin/upgrade", "--check", "no-such/branch", environ=bare_environ)
    assert (ended.returncode, "Traceback" in ended.stderr) == (2, False)
    assert "git fetch platform" in ended.stderr
