"""Commands beside each other: the lines of each stay together, and none outlives the run."""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from plg_site.devstack import side_by_side
from plg_site.devstack.log import Log
from plg_site.devstack.side_by_side import Command
from plg_site.devstack.supervisor import Supervisor
from tests.processes import is_alive


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    log = Log(tmp_path / "log" / "dev.log")
    supervisor = Supervisor(log)
    yield supervisor
    supervisor.stop()
    log.close()


def command(name: str, code: str, *, within: float = 20) -> Command:
    return Command(name, [sys.executable, "-S", "-c", code], dict(os.environ), within)


def test_each_ends_with_its_own_lines_and_exit_code(supervisor: Supervisor) -> None:
    commands = [
        command(
            str(number), f"print({number}, 'a'); print({number}, 'b'); raise SystemExit({number})"
        )
        for number in range(4)
    ]
    ended = {run.command.name: run for run in side_by_side.run(supervisor, commands, at_once=2)}

    assert {name: run.code for name, run in ended.items()} == {str(n): n for n in range(4)}
    assert all(run.lines == [f"{name} a", f"{name} b"] for name, run in ended.items())


def test_not_more_run_at_once_than_were_asked_for(supervisor: Supervisor) -> None:
    seen = list[list[str]]()
    commands = [command(name, "import time; time.sleep(0.4)") for name in "abc"]
    ended = side_by_side.run(
        supervisor, commands, at_once=2,
        meanwhile=lambda runs: seen.append([run.command.name for run in runs]),
    )  # fmt: skip

    assert len(list(ended)) == 3
    assert seen[0] == ["a", "b"]
    assert max(map(len, seen)) == 2


def test_one_that_takes_too_long_is_stopped_and_says_so(supervisor: Supervisor) -> None:
    slow = command("slow", "import time; time.sleep(60)", within=0.3)
    [ended] = side_by_side.run(supervisor, [slow], at_once=2)

    assert ended.code == 124
    assert "took longer" in ended.lines[-1]
    assert ended.seconds < 5


def test_one_that_is_stopped_may_say_its_last_words(supervisor: Supervisor) -> None:
    code = """if True:
        import time
        try:
            print("began", flush=True)
            time.sleep(60)
        except KeyboardInterrupt:
            print("what I know so far")
    """
    talks = replace(command("talks", code, within=2), stop_signal=signal.SIGINT)
    [ended] = side_by_side.run(supervisor, [talks], at_once=1)

    assert ended.code == 124
    assert ended.lines[:2] == ["began", "what I know so far"]


def test_who_stops_listening_stops_what_still_runs(supervisor: Supervisor) -> None:
    pids = list[str]()
    long = command("long", "import os, time; print(os.getpid(), flush=True); time.sleep(60)")
    short = command("short", "import time; time.sleep(1)")
    runs = side_by_side.run(
        supervisor, [long, short], at_once=2,
        meanwhile=lambda runs: pids.extend(line for run in runs for line in run.lines),
    )  # fmt: skip
    with contextlib.closing(runs):
        assert next(runs).command.name == "short"
    until = time.monotonic() + 20
    while is_alive(int(pids[0])):
        assert time.monotonic() < until
        time.sleep(0.02)
