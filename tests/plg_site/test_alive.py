"""`python -m plg_site.alive`: a loop that stands still is found, by who needs nothing but its file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from plg_site import alive
from plg_site.devstack.options import ROOT

PATIENCE = 120.0  # of a busy machine, which has to start Django
TOGETHER = ["-m", "plg_site.together"]
COMMANDS = {
    "outbound": ["manage.py", "run_outbound"],
    "events": ["manage.py", "consume_events"],
    "readers": ["manage.py", "run_readers"],
    "beat": ["-m", "celery", "-A", "plg_site.schedule", "--quiet", "beat", "--pidfile", ""],
    "worker": [
        "-m", "celery", "-A", "plg_site", "--quiet", "worker", "--concurrency", "1",
        "--without-gossip", "--without-mingle", "--without-heartbeat",
    ],
}  # fmt: skip


@pytest.fixture
def ask(tmp_path: Path, monkeypatch) -> Callable[..., tuple[bool, str]]:
    """What the command line says: whether all is well, and its words."""
    monkeypatch.setenv("STATE_DIR", str(tmp_path))

    def asking(*arguments: str) -> tuple[bool, str]:
        command = [sys.executable, "-m", "plg_site.alive", *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode in (0, 1)
        return done.returncode == 0, done.stdout + done.stderr

    return asking


@pytest.fixture
def started(tmp_path: Path, django_db_setup: None, monkeypatch) -> Iterator[Callable[[str], Any]]:
    processes = []

    def start(name: str) -> subprocess.Popen[bytes]:
        env = os.environ | {"STATE_DIR": str(tmp_path), "WORKER_NICE": "0", "READERS_NICE": "0"}
        command = [sys.executable, *COMMANDS.get(name, TOGETHER)]
        if name == "beat":
            command += ["--schedule", str(tmp_path / "schedule")]
        processes.append(subprocess.Popen(command, cwd=ROOT, env=env, start_new_session=True))
        return processes[-1]

    yield start
    for process in processes:
        os.killpg(process.pid, signal.SIGCONT)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)


def until(condition: Callable[[], bool], what: str) -> None:
    give_up = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up, what
        time.sleep(0.2)


@pytest.mark.thorough
@pytest.mark.parametrize("name", COMMANDS)
def test_each_says_that_it_lives_and_one_that_stands_still_is_found(name, started, ask, tmp_path):
    assert ask(name) == (False, f"{name}: there is none that runs (looked in {tmp_path}/alive)\n")
    process = started(name)
    until(lambda: ask(name)[0], f"{name} does not say that it lives")
    time.sleep(12)  # the slowest of them says it each ten seconds
    until(lambda: ask(name, "--within", "11")[0], f"{name} does not go on")
    process.send_signal(signal.SIGSTOP)
    until(lambda: not ask(name, "--within", "15")[0], "nobody notices that it stands still")
    assert f"{name}: process {process.pid} has not moved for" in ask(name, "--within", "15")[1]
    process.send_signal(signal.SIGCONT)
    until(lambda: ask(name, "--within", "15")[0], "it goes on, and nobody notices")


@pytest.mark.thorough
def test_the_process_that_does_all_of_it_says_so_for_each(started, ask):
    started("together")
    until(lambda: ask(*alive.NAMES)[0], "not all of them say that they live")


def test_who_ends_when_told_leaves_nothing_behind_and_who_was_killed_is_not_there(
    ask, tmp_path, monkeypatch
):
    alive._written.clear()
    alive.beat("worker")
    assert ask("worker")[0]
    alive.end("worker")
    assert not ask("worker")[0]
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    file = tmp_path / "alive" / f"worker.{os.uname().nodename}.{gone.pid}"
    file.touch()
    assert not ask("worker")[0]
    assert not file.exists()


def test_one_of_several_that_stands_still_is_enough(ask, tmp_path):
    alive._written.clear()
    alive.beat("worker")
    alive.beat("beat")
    os.utime(alive._file("beat"), (time.time() - 46, time.time() - 46))
    is_well, words = ask("worker", "beat")
    assert not is_well
    assert "worker: moved" in words
    assert "beat: process" in words
    assert ask("beat", "--within", "3600")[0]
    alive._written.clear()


def test_it_needs_neither_django_nor_anything_else():
    code = "import sys; from plg_site import alive; print(*sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in said.stdout.split()}
    assert not loaded & {"django", "celery", "events", "redis", "psycopg", "structlog"}
