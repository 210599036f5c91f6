"""One process forks the others, and each is looked after as if it had been started alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from plg_site.devstack.log import Log
from plg_site.devstack.options import ROOT
from plg_site.devstack.program import Program
from plg_site.devstack.supervisor import NotReady, Supervisor
from tests.processes import is_alive

ENV = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


def parent(**env: str) -> Program:
    command = [sys.executable, "-m", "plg_site.devstack.forking", "tests.devstack.small_parent"]
    return Program("parent", command, {**ENV, **env}, forks=True)


def child(name: str = "child", *words: str, **env: str) -> Program:
    command = [sys.executable, "-m", "tests.devstack.forked", *words]
    return Program(name, command, {**ENV, **env}, parent="parent")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    log = Log(tmp_path / "log" / "dev.log")
    yield log
    log.close()


@pytest.fixture
def supervisor(log: Log) -> Iterator[Supervisor]:
    supervisor = Supervisor(log)
    supervisor.start(parent())
    supervisor.wait_until_ready("parent")
    yield supervisor
    supervisor.stop()


def until(holds: Callable[[], Any], *, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def said(log: Log, name: str = "child", *, times: int = 1) -> list[dict[str, Any]]:
    """What the program said of itself, each time that it ran."""

    def lines() -> list[str]:
        return [line for line in log.recent(name) if line.startswith("{")]

    assert until(lambda: len(lines()) >= times), log.recent(name)
    return [json.loads(line) for line in lines()]


def test_a_forked_program_has_all_that_one_of_its_own_has(supervisor, log):
    supervisor.start(child("child", "one", "two", WEB_BIND="127.0.0.1:1"))
    (about,) = said(log)
    assert about["parent"] == supervisor.process("parent").pid
    assert about["pid"] == supervisor.process("child").pid
    assert about["leads"]
    assert about["handles"]
    assert about["loaded"], "what the parent has loaded is there"
    assert about["arguments"] == ["one", "two"]
    assert about["bind"] == "127.0.0.1:1"


def test_two_forked_programs_do_not_make_the_same_ids(supervisor, log):
    for name in ("one", "two"):
        supervisor.start(child(name))
    ids = [said(log, name)[0]["uuid"] for name in ("one", "two")]
    assert len({each[14:] for each in ids}) == 2, "what is not the time is by chance"


def test_a_program_with_other_settings_than_the_parents_is_one_of_its_own(supervisor, log):
    supervisor.start(child(EVENTS_STREAM="another"))
    (about,) = said(log)
    assert about["parent"] != supervisor.process("parent").pid
    assert not about["loaded"]


def test_one_that_ends_starts_again_after_a_pause_and_the_log_says_how_it_ended(supervisor, log):
    supervisor.start(child("child", "ends"))
    first, second = said(log, times=2)[:2]
    assert first["pid"] != second["pid"]
    assert "ended (exit code 3); starts again in 0.5 s" in log.recent("child")


def test_one_that_is_killed_comes_back_and_what_it_forked_does_not_stay(supervisor, log):
    supervisor.start(child("child", "with-a-child"))
    (first,) = said(log)
    supervisor.kill("child")
    second = said(log, times=2)[1]
    assert second["pid"] == supervisor.process("child").pid != first["pid"]
    assert "ended (killed by SIGKILL); starts again in 0.5 s" in log.recent("child")
    assert until(lambda: not is_alive(first["child"]))


def test_one_that_is_kept_down_stays_down_until_it_is_brought_back(supervisor, log):
    supervisor.start(child())
    (first,) = said(log)
    supervisor.kill("child", signal.SIGTERM, stay_down=True)
    assert not is_alive(first["pid"])
    time.sleep(1)
    assert supervisor.process("child").pid is None
    supervisor.restart("child")
    assert said(log, times=2)[1]["pid"] == supervisor.process("child").pid


def test_when_the_parent_is_killed_all_end_and_all_come_back_from_a_new_one(supervisor, log):
    for name in ("one", "two"):
        supervisor.start(child(name, "with-a-child"))
    before = [said(log, name)[0] for name in ("one", "two")]
    old = supervisor.process("parent").pid
    supervisor.kill("parent")
    for name, first in zip(("one", "two"), before, strict=True):
        second = said(log, name, times=2)[1]
        assert second["parent"] == supervisor.process("parent").pid != old
        assert until(lambda first=first: not is_alive(first["pid"]))
        assert until(lambda first=first: not is_alive(first["child"]))


def test_a_command_is_forked_too_and_gives_its_exit_code(supervisor):
    lines: list[str] = []
    command = child("once", "ends").command
    code = supervisor.run(
        "once", command, env=ENV, within=20, each_line=lines.append, parent="parent"
    )
    assert code == 3
    assert json.loads(lines[0])["parent"] == supervisor.process("parent").pid


def test_stopping_leaves_nothing_behind(supervisor, log):
    supervisor.start(child("child", "with-a-child"))
    (about,) = said(log)
    began = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - began < 8
    assert until(lambda: not any(map(is_alive, (about["pid"], about["child"], about["parent"]))))


def test_a_killed_supervisor_takes_the_parent_and_what_it_forked_along(tmp_path):
    code = f"""
        import sys, time
        from pathlib import Path
        from plg_site.devstack.log import Log
        from plg_site.devstack.supervisor import Supervisor
        from tests.devstack.test_forking import child, parent, said
        log = Log(Path({str(tmp_path)!r}) / "dev.log")
        supervisor = Supervisor(log)
        supervisor.start(parent())
        supervisor.start(child())
        print(said(log)[0]["pid"], supervisor.process("parent").pid, flush=True)
        time.sleep(60)
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], env=ENV, stdout=subprocess.PIPE, text=True
    ) as outer:
        assert outer.stdout
        pids = [int(word) for word in outer.stdout.readline().split()]
        assert len(pids) == 2
        outer.kill()
    assert until(lambda: not any(map(is_alive, pids)))


def test_a_parent_with_a_thread_is_refused_in_words(log):
    supervisor = Supervisor(log)
    try:
        supervisor.start(parent(WITH_A_THREAD="1"))
        supervisor.start(child(WITH_A_THREAD="1"))
        with pytest.raises(NotReady, match=r"Threads do not survive a fork.*forgotten"):
            supervisor.wait_until_ready("child", within=10)
    finally:
        supervisor.stop()
