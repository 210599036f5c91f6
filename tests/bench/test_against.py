"""An older commit beside the present one: what is made for it, and what is said without history."""

from __future__ import annotations

import subprocess
from importlib import metadata
from pathlib import Path

import pytest

from bench import against
from bench.against import NoHistory
from bench.measuring import Run
from bench.older import requests
from bench.sizes import FULL, TINY


@pytest.fixture
def without_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This checkout is a clone of depth one."""
    clone = tmp_path / "clone"
    source = f"file://{against.ROOT}"
    made = subprocess.run(["git", "clone", "-q", "--depth", "1", source, str(clone)])
    if made.returncode != 0:
        pytest.skip("this checkout is no git repository")
    monkeypatch.setattr(against, "ROOT", clone)
    monkeypatch.setattr(against, "FOLDER", clone / ".local" / "against")


def test_a_clone_without_the_commit_says_so_and_how_to_get_it(without_history):
    with pytest.raises(NoHistory, match=r"does not have commit 5ec79f5.*git fetch --unshallow"):
        against.checked_out("5ec79f5")


def test_the_tiny_run_skips_without_history_and_says_so(without_history):
    rows = requests.figures(size=TINY, stack=None)  # type: ignore[arg-type]
    assert len(rows) == 4
    assert all(row.why_void.startswith("skipped: This clone does not have") for row in rows)
    run = Run("older", TINY, figures=rows)
    assert run.exit_code == 0
    assert "Void" in run.report()


def test_a_full_run_does_not_skip(without_history):
    with pytest.raises(NoHistory):
        requests.figures(size=FULL, stack=None)  # type: ignore[arg-type]


def test_only_packages_that_are_not_here_in_that_version_are_installed_apart(tmp_path):
    django = metadata.version("django")
    file = tmp_path / "requirements.txt"
    file.write_text(
        f"# compiled\n--index-url https://x\ndjango=={django}\n    # via us\n"
        f"django-tenants==0.1 \\\n    --hash=sha256:00\nno-such-package[extra]==2 # why\n"
        f"colorama==9 ; sys_platform == 'win32'\n"
    )
    assert against._missing(file) == ["django-tenants==0.1", "no-such-package==2"]


def test_sides_are_measured_in_turns_and_the_median_counts():
    asked = []

    def measure(side: str) -> float:
        asked.append(side)
        return float(len(asked))

    columns = against.in_turns(["A", "B"], measure, runs=3)
    assert asked == ["A", "B", "A", "B", "A", "B"]
    assert columns == [[1, 3, 5], [2, 4, 6]]
    assert against.medians(columns) == [3, 4]
