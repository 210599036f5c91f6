"""`bin/test`: every check of the project, several at a time, each with its output and its time."""

import contextlib
import dataclasses
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from plg_site.configuration import site_file
from plg_site.devstack import chromium, faults, side_by_side, valkey
from plg_site.devstack.dev import EXPECTED
from plg_site.devstack.faults import Fault
from plg_site.devstack.options import ROOT
from plg_site.devstack.programs import manage
from plg_site.devstack.progress import NAME_WIDTH, Step, colour, step
from plg_site.devstack.side_by_side import Command, Run
from plg_site.devstack.stack import Stack
from plg_site.devstack.tiers import ENDURANCE, QUICK, TIERS, expression, files

PYTHON = sys.executable
LAYERS = "from importlinter.cli import lint_imports_command; lint_imports_command()"
PYTEST = [PYTHON, "-m", "pytest"]
CHECK_SECONDS, TEST_SECONDS = 300, 2400
REDIS_DATABASES = 16  # as many as a server has that was not told otherwise
NOTHING_COLLECTED = 5  # pytest's exit code
SAY_EVERY = 15.0  # seconds between lines of progress where a line cannot be drawn over
# One more than cores: the tests of outages wait most of their time.
AT_ONCE = (os.cpu_count() or 1) + 1

CHECKS = {
    "ruff check": [PYTHON, "-m", "ruff", "check", "."],
    "ruff format --check": [PYTHON, "-m", "ruff", "format", "--check", "."],
    "mypy": [PYTHON, "-m", "mypy", "."],
    "layers (import-linter)": [PYTHON, "-c", LAYERS],
    "missing migrations": manage("makemigrations", "--check", "--dry-run"),
    "system checks": manage("check"),
}
# Each a pytest of its own with databases and Redis of its own, the longest first. A test belongs to
# the group that names it most exactly; "everything else" has what no other names.
TESTS = {
    "billing": ["tests/billing"],
    "benches, upgrades": ["tests/bench", "tests/upgrade"],
    "everything else": ["tests"],
    "bin/dev": ["tests/devstack"],
    "metering": ["tests/metering"],
    "kills, outages": [
        "tests/stack/test_archive_kills.py",
        "tests/stack/test_kill_rounds.py",
        "tests/stack/test_migrate_kills.py",
        "tests/stack/test_outages.py",
        "tests/stack/test_pool_kills.py",
    ],
    "browser, walk": [
        "tests/stack/test_browser.py",
        "tests/stack/test_browser_account.py",
        "tests/stack/test_browser_accounts.py",
        "tests/stack/test_browser_bell.py",
        "tests/stack/test_browser_hosts.py",
        "tests/stack/test_browser_letters.py",
        "tests/stack/test_browser_pages.py",
        "tests/stack/test_walk.py",
    ],
    "whole stack": ["tests/stack"],
    "machines, deploy": [
        "tests/deploy",
        "tests/stack/test_database_outage.py",
        "tests/stack/test_machines.py",
        "tests/stack/test_rolling_restart.py",
    ],
    "tenants": ["tests/tenants"],
    "archives, domains": ["tests/tenants/archive", "tests/tenants/domains"],
    "identity": ["tests/identity"],
    "site, simulator": [
        "tests/reference_product",
        "tests/cms",
        "tests/look",
        "tests/outbound",
        "tests/staff",
        "tests/stripe_scenarios",
        "tests/stripe_simulator",
    ],
    # A group runs on one product: tests/which_product.py.
    "product": [
        "tests/product",
        "tests/stub_product",
        "tests/cms/test_promises.py",
        "tests/identity/signing_in/test_ways_out.py",  # before those that leave events in the store
        "tests/events/store/test_clickhouse_store.py",
        "tests/events/store/test_copying.py",
        "tests/events/store/test_erasing.py",
        "tests/events/consuming/test_racing.py",
        "tests/events/store/test_retention.py",
    ],
    "events": ["tests/events"],
    "isolation, fuzz": ["tests/tenants/isolation", "tests/fuzz"],
}
for _name in site_file.own_products():  # each in a process of its own: tests/which_product.py
    if (ROOT / "tests" / _name).is_dir():
        TESTS[f"product {_name}"] = [f"tests/{_name}"]
# "3 failed, 120 passed, 2 skipped in 61.02s (0:01:01)", with or without a ruler around it
SUMMARY = re.compile(r"^=* ?((?:\d+ [a-z]+(?:, )?)+) in ([\d.]+)s.*$")
PERCENT = re.compile(r"\[ *(\d+%)\]$")
WRONG = ("failed", "errors", "error")
FAULTS_SHOWN, FAULT_WIDTH = 10, 150  # of a reader who sees only the end of a long output
MARKS = {"passed": ("✓", "32"), "FAILED": ("✗", "31"), "SKIPPED": ("!", "33")}


@dataclass
class Result:
    """What came of one check: passed, FAILED or SKIPPED, and what there is to say of it."""

    name: str
    verdict: str
    seconds: float
    note: str = ""
    processor: float = 0.0  # seconds

    def line(self) -> str:
        mark, code = MARKS[self.verdict]
        took = f"{self.seconds:6.1f} s {self.processor:6.1f} s of processor"
        words = f"{self.name:<{NAME_WIDTH}} {took}   {self.verdict}"
        return f"  {colour(mark, code)} {words}{f'   {self.note}' if self.note else ''}"


@dataclass
class Ran:
    """What came of all that ran, and how many tests passed, failed and so on."""

    began: float
    seconds: float = 0.0
    results: list[Result] = field(default_factory=list)
    counted: dict[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    unsteady: list[Fault] = field(default_factory=list)


def run(folder: Path, for_pytest: list[str], *, tiers: Collection[str] = ()) -> int:
    """The checks and tests of these tiers, or only pytest when there is something for it.

    0 when nothing failed. No tier: the quick one, or any for what pytest is told.
    """
    print(colour("Starting the services of the tests", "1"), flush=True)
    stack = Stack(folder, show=True)
    try:
        stack.start(services_only=True)
    except EXPECTED as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    with stack:
        if "REDIS_URL" in stack.services:
            # Nobody ends this one. The stacks that tests kill have their own, which syncs always.
            valkey.ask(stack.env["REDIS_URL"], "CONFIG", "SET", "appendfsync", "everysec")
        with step("Chromium") as shown:
            browser = chromium.find_or_install(shown.doing)
            shown.note = browser or "not found: browser tests will be skipped"
        if browser:
            stack.env["CHROMIUM"] = browser
        if for_pytest:
            return _only_pytest(stack, for_pytest, _marked(tiers or TIERS, browser))
        ran = _everything(stack, browser, tiers or [QUICK])
    return _summary(ran, processor=side_by_side.processor_seconds())  # services have ended, too


def _only_pytest(stack: Stack, arguments: list[str], marked: list[str]) -> int:
    from tests import which_product

    codes = [
        subprocess.call(  # noqa: S603
            [*PYTEST, *marked, *own],
            env={**_for_pytest(stack), which_product.TEST_PRODUCT: product},
            cwd=ROOT,
        )
        for product, own in which_product.runs(arguments)
    ]
    return next((code for code in codes if code not in {0, NOTHING_COLLECTED}), min(codes))


def _marked(tiers: Collection[str], browser: str | None) -> list[str]:
    """For pytest: only these tiers, and only what can run here."""
    wanted = [f"({each})" for each in (expression(tiers), "" if browser else "not browser") if each]
    return ["-m", " and ".join(wanted)] if wanted else []


def _for_pytest(stack: Stack) -> dict[str, str]:
    """Without the settings module: the variable would win over the one that pyproject.toml names."""
    return {name: value for name, value in stack.env.items() if name != "DJANGO_SETTINGS_MODULE"}


def _everything(stack: Stack, browser: str | None, tiers: Collection[str]) -> Ran:
    tests = _tests(stack, browser, tiers)
    # The longest tests, then the checks, which soon have something to say, then the rest.
    commands = [*tests[:2], *(_checks(stack) if QUICK in tiers else []), *tests[2:]]
    at_once = AT_ONCE if set(tiers) - {ENDURANCE} else 1  # what endures takes the machine by itself
    ran = Ran(time.monotonic())
    again: list[Command] = []
    print(colour("\nChecks and tests", "1"), flush=True)
    for run in _run(stack, commands, at_once=at_once):
        ran.results.append(_result(run, ran.counted))
        found = faults.read(run.lines)
        if run.command.name in TESTS and faults.deserve_another_look(found, code=run.code):
            words = [*PYTEST, *(fault.test for fault in found)]
            again.append(dataclasses.replace(run.command, words=words))
        ran.faults += found
    if again:
        print(colour("\nWhat failed once more, by itself", "1"), flush=True)
    for run in _run(stack, again, at_once=1):
        _second_look(run, ran)
    if not browser:
        skipped = Result("browser", "SKIPPED", 0, "no Chromium: install it to run them")
        ran.results.append(skipped)
    ran.seconds = time.monotonic() - ran.began
    return ran


def _run(stack: Stack, commands: Sequence[Command], *, at_once: int) -> Iterator[Run]:
    """Each when it has ended; what runs meanwhile is shown."""
    line = Step(f"{at_once} at a time", say_every=SAY_EVERY)
    ended = side_by_side.run(
        stack.supervisor, commands, at_once=at_once, meanwhile=lambda runs: line.doing(_what(runs))
    )
    with contextlib.closing(ended):
        for run in ended:
            line.clear()
            yield run
    line.clear()


def _second_look(run: Run, ran: Ran) -> None:
    """What passes alone is unsteady; what fails again has failed."""
    counted: dict[str, int] = {}
    alone = _result(run, counted)
    if alone.verdict != "passed":
        return
    first = next(each for each in ran.results if each.name == alone.name)
    for word, number in faults.counts(first.note).items():
        if word in WRONG:
            ran.counted[word] -= number
    ran.counted["passed"] = ran.counted.get("passed", 0) + counted.get("passed", 0)
    named = {fault.test for fault in faults.read(run.lines)} | set(run.command.words)
    ran.unsteady += [fault for fault in ran.faults if fault.test in named]
    ran.faults = [fault for fault in ran.faults if fault.test not in named]
    first.verdict, first.note = "passed", f"{first.note}; then, alone, {alone.note}"


def _checks(stack: Stack) -> list[Command]:
    return [Command(name, words, stack.env, CHECK_SECONDS) for name, words in CHECKS.items()]


def _tests(stack: Stack, browser: str | None, tiers: Collection[str]) -> list[Command]:
    """Of each group that has tests of these tiers."""
    commands = []
    for number, name in enumerate(TESTS):
        if not (found := files_of(name, tiers)):
            continue
        env = _with_names_of_its_own(_for_pytest(stack), number)
        commands.append(
            Command(
                name, [*PYTEST, *found, *_marked(tiers, browser)], env, TEST_SECONDS,
                stop_signal=signal.SIGINT, stop_within=20,  # pytest then says what failed so far
            )
        )  # fmt: skip
    return commands


def files_of(group: str, tiers: Collection[str]) -> list[str]:
    """Its files that have tests of these tiers, from the root of the project."""
    others = [ROOT / path for path in _of_others(TESTS[group])]
    return [
        str(file.relative_to(ROOT))
        for file in files((ROOT / path for path in TESTS[group]), tiers=tiers)
        if not any(file.is_relative_to(other) for other in others)
    ]


def _of_others(paths: list[str]) -> list[str]:
    """What lies below these paths and is named by another group."""
    below = tuple(f"{path}/" for path in paths)
    return [each for named in TESTS.values() for each in named if each.startswith(below)]


def _with_names_of_its_own(env: dict[str, str], number: int) -> dict[str, str]:
    """Groups run beside each other: none may drop another's databases or forget its keys.

    The tests make their databases themselves.
    """
    own = dict(env)
    for name in {"DATABASE_URL", "EVENTS_DATABASE_URL", "TEST_CLICKHOUSE_URL"} & env.keys():
        url = urlsplit(env[name])
        own[name] = urlunsplit(url._replace(path=f"{url.path}_{number}"))
    url = urlsplit(env["REDIS_URL"])
    first = int(url.path.strip("/") or 0)
    of_redis = (first + number) % REDIS_DATABASES
    own["REDIS_URL"] = urlunsplit(url._replace(path=f"/{of_redis}"))
    return own


def _what(runs: Sequence[Run]) -> str:
    """Like "events 45% 61 s, mypy 12 s"."""
    said = []
    for run in runs:
        percents = [found[1] for each in run.lines if (found := PERCENT.search(each))]
        said.append(" ".join([run.command.name, *percents[-1:], f"{run.seconds:.0f} s"]))
    return ", ".join(said)


def _result(run: Run, counted: dict[str, int]) -> Result:
    """Show what came of it: all lines of tests, those of a check when it failed."""
    name, tests = run.command.name, run.command.name in TESTS
    verdict, note = "FAILED" if run.code else "passed", ""
    if tests:
        for summary in filter(None, map(SUMMARY.match, run.lines)):
            note = summary[1]
        note_or_error = note or "1 errors"  # without a summary something went wrong
        for word, number in faults.counts(note_or_error).items():
            counted[word] = counted.get(word, 0) + number
    if tests or run.code:
        print(colour(f"\n{'Tests: ' if tests else ''}{name}", "1"))
        print("\n".join(f"  {line}" for line in run.lines))
    result = Result(name, verdict, run.seconds, note, run.processor)
    print(result.line(), flush=True)
    return result


def _summary(ran: Ran, *, processor: float) -> int:
    """Say what came of it; `processor` is what all of it used, the services included, in seconds."""
    print(colour("\nSummary", "1"))
    order_of = [*CHECKS, *TESTS, "browser"]
    for result in sorted(ran.results, key=lambda result: order_of.index(result.name)):
        print(result.line())
    services = processor - sum(result.processor for result in ran.results)
    print(f"\n{processor / 60:.1f} minutes of processor, {services / 60:.1f} of them by services")
    failed = [result.name for result in ran.results if result.verdict == "FAILED"]
    print(colour(f"\nFAILED: {', '.join(failed)}" if failed else "\nEverything passed.", "1"))
    _show_faults(ran.faults)
    if ran.unsteady:
        print("Unsteady: these failed beside others and passed alone.")
        _show_faults(ran.unsteady)
    order = ("failed", "passed", "skipped", "errors", "error", "warnings", "warning")
    shown = [f"{ran.counted[word]} {word}" for word in order if ran.counted.get(word)]
    if shown:
        print(f"{', '.join(shown)} in {ran.seconds:.2f}s", flush=True)
    return 1 if failed else 0


def _show_faults(some: Sequence[Fault]) -> None:
    for fault in some[:FAULTS_SHOWN]:
        print(f"  {textwrap.shorten(str(fault), FAULT_WIDTH)}")
    if len(some) > FAULTS_SHOWN:
        print(f"  and {len(some) - FAULTS_SHOWN} more")
