"""What `bin/test` runs beside each other, and what it says in the end."""

import os
import subprocess
from pathlib import Path

import pytest

from plg_site.devstack import checklist, options, tiers
from plg_site.devstack.checklist import Ran, Result
from plg_site.devstack.faults import Fault
from plg_site.devstack.options import ROOT
from plg_site.devstack.side_by_side import Command, Run
from tests import which_product


def lies_in(path: str, folders: list[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)


def test_every_test_is_in_one_group() -> None:
    files = [str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py")]
    assert len(files) > 100
    for file in files:
        groups = [
            name
            for name, paths in checklist.TESTS.items()
            if lies_in(file, paths) and not lies_in(file, checklist._of_others(paths))
        ]
        assert len(groups) == 1, (file, groups)


def test_a_group_runs_on_one_product() -> None:
    for name, paths in checklist.TESTS.items():
        others = [f"{other}" for other in checklist._of_others(paths)]
        files = {
            path
            for each in paths
            for path in (
                [ROOT / each] if each.endswith(".py") else (ROOT / each).rglob("test_*.py")
            )
            if not lies_in(str(path.relative_to(ROOT)), others)
        }
        assert len({which_product.product_of(path) for path in files}) == 1, name


def test_what_a_group_names_is_there() -> None:
    named = [path for paths in checklist.TESTS.values() for path in paths]
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("tier", tiers.TIERS)
def test_each_tier_runs_each_file_that_has_such_tests_once(tier: str) -> None:
    found = [file for group in checklist.TESTS for file in checklist.files_of(group, [tier])]
    every = (ROOT / "tests").rglob("test_*.py")
    having = {str(file.relative_to(ROOT)) for file in every if tier in tiers.in_file(file)}
    assert having
    assert sorted(found) == sorted(having)


def test_continuous_integration_leaves_out_what_endures_alone() -> None:
    said = (ROOT / ".ci" / "run").read_text().splitlines()[-1]
    assert said.startswith("exec ./bin/test")
    given = options.test_parser().parse_args(said.split()[2:])
    assert given.tiers == [tiers.QUICK, tiers.THOROUGH]


def test_help_says_what_each_tier_is_for() -> None:
    assert tuple(options.TIERS) == tiers.TIERS


def test_groups_beside_each_other_share_no_database_and_no_redis() -> None:
    given = {
        "DATABASE_URL": "postgres://plg:p@127.0.0.1:5432/plg",
        "EVENTS_DATABASE_URL": "postgres://plg:p@127.0.0.1:5432/plg_events",
        "REDIS_URL": "redis://:p@127.0.0.1:6379/14",
    }
    envs = [
        checklist._with_names_of_its_own(given, number) for number in range(len(checklist.TESTS))
    ]
    for name in given:
        assert len({env[name] for env in envs}) == len(envs), name
    assert {Path(env["REDIS_URL"]).name for env in envs} <= {str(n) for n in range(16)}


@pytest.mark.parametrize(("code", "verdict"), [(0, "passed"), (1, "FAILED"), (124, "FAILED")])
def test_a_group_is_shown_whole_and_its_exit_code_decides(
    capsys: pytest.CaptureFixture[str], code: int, verdict: str
) -> None:
    run = Run(Command("events", [], {}, 1), lines=["..F  [100%]", "1 failed, 20 passed in 3.00s"])
    run.ended(code)
    counted = {"passed": 5}
    run.processor = 2.5
    result = checklist._result(run, counted)
    assert (result.verdict, result.note) == (verdict, "1 failed, 20 passed")
    assert "2.5 s of processor" in result.line()
    assert counted == {"passed": 25, "failed": 1}
    assert "  ..F  [100%]\n  1 failed, 20 passed in 3.00s\n" in capsys.readouterr().out


def test_a_group_that_never_came_to_its_summary_is_counted_as_an_error() -> None:
    run = Run(Command("events", [], {}, 1), lines=["..F"])
    run.ended(124)
    counted: dict[str, int] = {}
    assert checklist._result(run, counted).verdict == "FAILED"
    assert counted == {"errors": 1}


def test_the_last_line_counts_the_tests_of_all_groups(capsys: pytest.CaptureFixture[str]) -> None:
    counted = {"passed": 25, "skipped": 2}
    results = [Result("events", "passed", 3, processor=120), Result("mypy", "FAILED", 2)]
    ran = Ran(0, 61.5, results, counted)
    assert checklist._summary(ran, processor=150) == 1
    said = capsys.readouterr().out
    assert said.splitlines()[-1] == "25 passed, 2 skipped in 61.50s"
    assert "2.5 minutes of processor, 0.5 of them by services" in said
    assert checklist._summary(Ran(0, 61.5, results[:1], counted), processor=150) == 0


def test_the_end_names_what_failed(capsys: pytest.CaptureFixture[str]) -> None:
    """Of a long output often only the end is kept."""
    found = [Fault("tests/a/test_b.py::test_c", "why " * 100), *[Fault("tests/d.py::test_e")] * 11]
    ran = Ran(0, 61.5, [Result("events", "FAILED", 3)], {"failed": 12}, found)
    checklist._summary(ran, processor=150)
    *_, first, said, total = capsys.readouterr().out.partition("FAILED: events")[2].splitlines()
    assert (said, total) == ("  and 2 more", "12 failed in 61.50s")
    assert first == "  tests/d.py::test_e"


@pytest.mark.parametrize(("code", "verdict"), [(0, "passed"), (1, "FAILED")])
def test_what_passes_alone_is_called_unsteady_and_what_fails_again_has_failed(
    capsys: pytest.CaptureFixture[str], code: int, verdict: str
) -> None:
    fault = Fault("tests/events/test_a.py::test_b", "too late")
    first = Result("events", "FAILED", 3, "1 failed, 20 passed")
    ran = Ran(0, 61.5, [first], {"failed": 1, "passed": 20}, [fault])
    words = ["pytest", fault.test]
    again = Run(Command("events", words, {}, 1), lines=["1 passed in 1.00s", "1 failed in 1.00s"])
    again.lines = again.lines[code:][:1]
    again.ended(code)
    checklist._second_look(again, ran)
    assert checklist._summary(ran, processor=150) == code
    said = capsys.readouterr().out
    assert first.verdict == verdict
    assert ("Unsteady" in said) == (code == 0)
    assert "  tests/events/test_a.py::test_b: too late" in said
    total = "21 passed" if code == 0 else "1 failed, 20 passed"
    assert said.splitlines()[-1] == f"{total} in 61.50s"


@pytest.mark.parametrize("key", ["", "sk_live_somebodys"])
def test_stripe_itself_is_asked_with_a_test_key_only(key: str) -> None:
    asked = subprocess.run(
        [ROOT / "bin/test", "--stripe-live"],
        env={**os.environ, "STRIPE_TEST_KEY": key},
        capture_output=True,
        text=True,
    )
    assert (asked.returncode, "STRIPE_TEST_KEY" in asked.stderr) == (2, True)
