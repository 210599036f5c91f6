"""Each test is in one tier, and each tier starts the files that have such tests."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import pytest
from _pytest.mark.expression import Expression

from plg_site.devstack import tiers
from plg_site.devstack.options import ROOT
from plg_site.devstack.tiers import ENDURANCE, QUICK, THOROUGH, TIERS
from tests import conftest

MARKS = [set(), {THOROUGH}, {ENDURANCE}, {THOROUGH, ENDURANCE}]
TIER_SETS = [
    chosen for many in (1, 2, 3) for chosen in itertools.combinations(TIERS, many)
]  # every way to add tiers up


def is_asked_for(marks: set[str], chosen: tuple[str, ...]) -> bool:
    asked = tiers.expression(chosen)
    return not asked or Expression.compile(asked).evaluate(lambda name, **_: name in marks)


@pytest.mark.parametrize("marks", MARKS, ids=str)
def test_whatever_its_marks_a_test_is_in_one_tier(marks: set[str]) -> None:
    assert [tier for tier in TIERS if is_asked_for(marks, (tier,))] == [tiers.of(marks)]


@pytest.mark.parametrize("chosen", TIER_SETS, ids=str)
@pytest.mark.parametrize("marks", MARKS, ids=str)
def test_tiers_add_up(marks: set[str], chosen: tuple[str, ...]) -> None:
    alone = [is_asked_for(marks, (tier,)) for tier in chosen]
    assert is_asked_for(marks, chosen) is any(alone)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {QUICK}),
        ("pytestmark = pytest.mark.stack", {QUICK}),
        ("pytestmark = pytest.mark.thorough", {THOROUGH}),
        ("pytestmark = [pytest.mark.stack, pytest.mark.thorough]", {THOROUGH}),
        ("pytestmark = [pytest.mark.stack, pytest.mark.endurance]", {ENDURANCE}),
        ("@pytest.mark.thorough\ndef test_it(): ...", {QUICK, THOROUGH}),
        (
            "pytestmark = pytest.mark.thorough\n"
            "ROUNDS = [3, pytest.param(50, marks=pytest.mark.endurance)]",
            {THOROUGH, ENDURANCE},
        ),
    ],
)
def test_a_file_says_which_tiers_its_tests_are_of(
    tmp_path: Path, text: str, found: set[str]
) -> None:
    file = tmp_path / "test_it.py"
    file.write_text(text)
    assert tiers.in_file(file) == found
    for tier in TIERS:
        assert tiers.files([tmp_path], tiers=[tier]) == ([file] if tier in found else [])


def test_files_come_in_the_order_in_which_pytest_takes_them(tmp_path: Path) -> None:
    for name in ("b/test_x.py", "b_c/test_y.py", "test_a.py", "a/test_z.py", "a/c/test_w.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("def test_it(): ...")
    collected = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-qq", "-p", "no:django", "--rootdir",
         str(tmp_path), "-c", "/dev/null", str(tmp_path)],
        capture_output=True, text=True, cwd=tmp_path,
    ).stdout.splitlines()  # fmt: skip
    names = [line.split(":")[0] for line in collected if line]
    found = tiers.files([tmp_path], tiers=[QUICK])
    assert [str(file.relative_to(tmp_path)) for file in found] == names


def test_every_test_file_of_the_project_is_in_a_tier() -> None:
    """One, or also that of single tests in it; conftest.py asks the same of every test that runs."""
    files = set((ROOT / "tests").rglob("test_*.py"))
    of_tier = {tier: set(tiers.files([ROOT / "tests"], tiers=[tier])) for tier in TIERS}
    assert set().union(*of_tier.values()) == files
    assert all(of_tier.values())


def test_a_mark_that_its_file_does_not_say_ends_the_run() -> None:
    class Unseen:
        nodeid, path = "tests/devstack/test_tiers.py::test_it", Path(__file__)

        def iter_markers(self) -> list[pytest.Mark]:
            return [getattr(pytest.mark, ENDURANCE).mark]

    with pytest.raises(pytest.UsageError, match="which its file does not say"):
        conftest.pytest_collection_modifyitems([Unseen()])  # type: ignore[list-item]
