"""Every command that the docs name runs as it stands there, beside a running stack."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from plg_site.development import demo
from plg_site.devstack.options import ROOT, bench_areas
from plg_site.devstack.programs import without_made_up
from plg_site.devstack.stack import Stack

_SPAN = re.compile(r"`((?:bin/|(?:\.venv/bin/)?python |manage\.py )[^`]*)`")
_LINE = re.compile(r"^ *((?:bin/|(?:\.venv/bin/)?python |manage\.py )[^#\n]*)", re.MULTILINE)

# Proved by the test that is named, because they start or test the whole, or need what is made there.
PROVED_ELSEWHERE = {
    "bin/dev": "tests/devstack/test_stack.py",
    "bin/test": "tests/devstack/test_checklist.py",
    "bin/bench": "tests/bench/test_tiny.py",
    "bin/new-product": "tests/devstack/test_new_product.py",
    "bin/upgrade": "tests/devstack/test_upgrade.py",
    "bin/run": "tests/deploy/test_run.py",  # it becomes a process of an installation
    "python -m stripe_simulator.assumptions": "tests/stripe_simulator/test_sources.py",
    "bin/manage consume_events": "tests/stack/test_faults.py",  # the stack runs it
    "bin/manage run_outbound": "tests/outbound/test_kills.py",  # the stack runs it
    "bin/manage launch on": "tests/events/pressure/test_changes.py",  # until a day that passes
    "bin/manage start_here": "tests/stack/test_first_day.py",  # here there is an administrator
    "bin/manage walk": "tests/stack/test_walk.py",
    "bin/manage grant": "tests/billing/entitlements/test_asking.py",  # to whom, and why
    "bin/manage makemigrations": "tests/devstack/test_new_product.py",  # it writes into the tree
    "bin/manage copy_events": "tests/events/store/test_copying.py",
    "bin/manage restore_events": "tests/events/store/test_retention.py",
    "python -m plg_site.landed": "tests/plg_site/test_landed.py",  # it writes into the tree
    ".venv/bin/python -m plg_site.devstack.wheels": "tests/devstack/test_wheels.py",  # asks an index
    "python -m plg_site.alive": "tests/plg_site/test_alive.py",  # exit code 1 where nothing runs
    "python -m plg_site.live": "tests/stack/test_browser_pages.py",  # the stack runs it
    "python -m plg_site.collect": "tests/identity/collecting/test_http.py",  # the stack runs it
    "python -m plg_site.together": "tests/devstack/test_whole.py",  # the stack runs it
    "python -m stripe_simulator": "tests/devstack/test_stack.py",  # the stack runs it
}
# In the docs, and here.
WORDS = dict.fromkeys(["ada@example.org", "ADDRESS"], demo.PEOPLE["owner"][0]) | {"PLAN": "pro"}
MAY_FIND_SOMETHING = {"doctor"}  # exit code 1 is an answer


def documents() -> list[Path]:
    named = subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True
    ).stdout.split()
    found = [ROOT / name for name in named] or sorted(ROOT.glob("*.md"))
    return [path for path in found if path.name != "CHANGELOG.md"]


def commands() -> list[str]:
    found = set()
    for path in documents():
        text = path.read_text()
        found |= {
            match[1].strip() for pattern in (_SPAN, _LINE) for match in pattern.finditer(text)
        }
    return sorted(found)


def proved_elsewhere(command: str) -> str | None:
    names = [name for name in PROVED_ELSEWHERE if f"{command} ".startswith(f"{name} ")]
    return PROVED_ELSEWHERE[names[0]] if names else None


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("commands")


def test_there_are_commands_and_all_are_written_as_one_types_them():
    found = commands()
    assert len(found) > 20
    others = [each for each in found if not each.startswith("bin/") and not proved_elsewhere(each)]
    assert others == []


@pytest.mark.stack
@pytest.mark.thorough
@pytest.mark.parametrize("command", [c for c in commands() if not proved_elsewhere(c)])
def test_a_documented_command_runs(stack: Stack, folder: Path, command: str):
    words = [WORDS.get(word, word) for word in shlex.split(command)]
    assert words[0] == "bin/manage", f"{command}: say in PROVED_ELSEWHERE which test runs it"
    # A file is made and read where the reader is.
    words = [str(folder / word) if word.endswith(".zip") else word for word in words]
    ended = subprocess.run(
        [ROOT / "bin" / "manage", "--state", str(stack.state.path), *words[1:]],
        env=without_made_up(os.environ), capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    allowed = {0, 1} if MAY_FIND_SOMETHING.intersection(words[1:2]) else {0}
    assert ended.returncode in allowed, f"{ended.stdout}\n{ended.stderr}"
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(("command", "test"), PROVED_ELSEWHERE.items())
def test_what_is_proved_elsewhere_is_named_there(command: str, test: str):
    assert (ROOT / test).is_file(), command


def test_the_benches_that_the_docs_name_exist():
    named = {each.split()[1] for each in commands() if each.startswith("bin/bench ")}
    assert named - {"AREA"} <= set(bench_areas())
