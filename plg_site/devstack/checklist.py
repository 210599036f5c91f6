"""`bin/test`: every check of the project, one after the other, each with its time."""

import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from plg_site.devstack import chromium
from plg_site.devstack.dev import EXPECTED
from plg_site.devstack.options import ROOT
from plg_site.devstack.programs import manage
from plg_site.devstack.progress import NAME_WIDTH, colour, step
from plg_site.devstack.stack import Stack

PYTHON = sys.executable
LAYERS = "from importlinter.cli import lint_imports_command; lint_imports_command()"
PYTEST = [PYTHON, "-m", "pytest"]
CHECK_SECONDS, TEST_SECONDS = 300, 1200
NOTHING_COLLECTED = 5  # pytest's exit code

CHECKS = {
    "ruff check": [PYTHON, "-m", "ruff", "check", "."],
    "ruff format --check": [PYTHON, "-m", "ruff", "format", "--check", "."],
    "mypy": [PYTHON, "-m", "mypy", "."],
    "layers (import-linter)": [PYTHON, "-c", LAYERS],
    "missing migrations": manage("makemigrations", "--check", "--dry-run"),
    "system checks": manage("check"),
}
# "3 failed, 120 passed, 2 skipped in 61.02s (0:01:01)", with or without a ruler around it
SUMMARY = re.compile(r"^=* ?((?:\d+ [a-z]+(?:, )?)+) in ([\d.]+)s.*$")


@dataclass
class Result:
    """What came of one check: passed, FAILED or SKIPPED, and what there is to say of it."""

    name: str
    verdict: str
    seconds: float
    note: str = ""


def run(folder: Path, for_pytest: list[str]) -> int:
    """All checks, or only pytest when there is something for it. 0 when nothing failed."""
    print(colour("Starting the services of the tests", "1"), flush=True)
    stack = Stack(folder, show=True)
    try:
        stack.start(services_only=True)
    except EXPECTED as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    with stack:
        with step("Chromium") as shown:
            browser = chromium.find_or_install(shown.doing)
            shown.note = browser or "not found: browser tests will be skipped"
        if browser:
            stack.env["CHROMIUM"] = browser
        if for_pytest:
            return _only_pytest(stack, for_pytest, browser)
        return _everything(stack, browser)


def _only_pytest(stack: Stack, arguments: list[str], browser: str | None) -> int:
    if not browser:
        arguments = ["-m", "not browser", *arguments]
    return subprocess.call([*PYTEST, *arguments], env=_for_pytest(stack), cwd=ROOT)  # noqa: S603


def _for_pytest(stack: Stack) -> dict[str, str]:
    """Without the settings module: the variable would win over the one that pyproject.toml names."""
    return {name: value for name, value in stack.env.items() if name != "DJANGO_SETTINGS_MODULE"}


def _everything(stack: Stack, browser: str | None) -> int:
    print(colour("\nChecks", "1"), flush=True)
    results = [_check(stack, name, command) for name, command in CHECKS.items()]
    counted: dict[str, int] = {}
    results.append(_pytest(stack, "unit and integration", "not browser", counted))
    if browser:
        results.append(_pytest(stack, "browser", "browser", counted))
    else:
        results.append(Result("browser", "SKIPPED", 0, "no Chromium: install it to run them"))
    return _summary(results, counted)


def _check(stack: Stack, name: str, command: list[str]) -> Result:
    said: list[str] = []
    began = time.monotonic()
    with step(name) as shown:
        code = stack.supervisor.run(
            "check", command, env=stack.env, within=CHECK_SECONDS, each_line=said.append
        )
        shown.failed = code != 0
    if code != 0:
        print("\n".join(f"      {line}" for line in said), flush=True)
    return Result(name, "FAILED" if code else "passed", time.monotonic() - began)


def _pytest(stack: Stack, name: str, marker: str, counted: dict[str, int]) -> Result:
    print(colour(f"\nTests: {name}", "1"), flush=True)
    began, summary = time.monotonic(), ""

    def show(line: str) -> None:
        nonlocal summary
        print(f"  {line}", flush=True)
        if SUMMARY.match(line):
            summary = line

    code = stack.supervisor.run(
        "pytest",
        [*PYTEST, "-m", marker],
        env=_for_pytest(stack),
        within=TEST_SECONDS,
        each_line=show,
    )
    if found := SUMMARY.match(summary):
        for count in found[1].split(", "):
            number, word = count.split(" ")
            counted[word] = counted.get(word, 0) + int(number)
    nothing = code == NOTHING_COLLECTED
    verdict = "SKIPPED" if nothing and marker == "browser" else "FAILED" if code else "passed"
    note = "there are none" if nothing else summary.strip("= ")
    return Result(name, verdict, time.monotonic() - began, note)


def _summary(results: list[Result], counted: dict[str, int]) -> int:
    marks = {"passed": ("✓", "32"), "FAILED": ("✗", "31"), "SKIPPED": ("!", "33")}
    print(colour("\nSummary", "1"))
    for result in results:
        mark, code = marks[result.verdict]
        words = f"{result.name:<{NAME_WIDTH}} {result.seconds:6.1f} s   {result.verdict}"
        note = f"   {result.note}" if result.note else ""
        print(f"  {colour(mark, code)} {words}{note}")
    failed = [result.name for result in results if result.verdict == "FAILED"]
    print(colour(f"\nFAILED: {', '.join(failed)}" if failed else "\nEverything passed.", "1"))
    order = ("failed", "passed", "skipped", "errors", "error", "warnings", "warning")
    shown = [f"{counted[word]} {word}" for word in order if word in counted]
    if shown:
        took = sum(result.seconds for result in results)
        print(f"{', '.join(shown)} in {took:.2f}s", flush=True)
    return 1 if failed else 0
