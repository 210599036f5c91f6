"""Whose a task is: a killed worker's come again soon, a living one's never, however long they take."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings

from plg_site.devstack.options import ROOT

pytestmark = pytest.mark.thorough

LEASE = 4.0  # seconds
WORKER = ["-A", "tests.plg_site.leased_work", "--quiet", "worker", "--pool", "prefork",
          "--concurrency", "2", "--without-gossip", "--without-mingle", "--without-heartbeat"]  # fmt: skip


class Workers:
    """Processes on queues of their own."""

    def __init__(self, folder: Path) -> None:
        self.notes = folder / "notes"
        self.notes.touch()
        self.env = os.environ | {
            "REDIS_URL": settings.REDIS_URL,
            "LEASE_SECONDS": str(LEASE),
            "LEASED_PREFIX": f"leased-{uuid4().hex}-",
            "LEASED_NOTES": str(self.notes),
            "PYTHONPATH": str(ROOT),
        }
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "celery", *WORKER]
        begun = subprocess.Popen(command, env=self.env, cwd=ROOT, start_new_session=True)
        self.running.append(begun)
        return begun

    def send(self, name: str, seconds: float, **options: object) -> None:
        script = (
            "import json, sys; from tests.plg_site.leased_work import work\n"
            "args, options = json.loads(sys.argv[1]); work.apply_async(args, **options)"
        )
        said = json.dumps([[name, seconds], options])
        subprocess.run([sys.executable, "-c", script, said], env=self.env, cwd=ROOT, check=True)

    def said(self) -> Counter[str]:
        return Counter(self.notes.read_text().splitlines())

    def until(self, holds: Callable[[Counter[str]], bool], *, within: float) -> Counter[str]:
        end = time.monotonic() + within
        while not holds(self.said()):
            assert time.monotonic() < end, f"after {within} s: {self.said()}"
            time.sleep(0.1)
        return self.said()


@pytest.fixture
def workers(tmp_path) -> Iterator[Workers]:
    found = Workers(tmp_path)
    yield found
    for each in found.running:
        if each.poll() is None:
            os.killpg(each.pid, signal.SIGKILL)
            each.wait()


def test_what_a_killed_worker_had_in_hand_runs_again_within_its_lease(workers):
    first = workers.start()
    workers.send("long", 600.0)
    workers.until(lambda said: said["began long"] == 1, within=60)
    workers.send("later", 0.0, countdown=2)  # which waits in the worker's memory
    time.sleep(1)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    killed = time.monotonic()
    workers.start()
    said = workers.until(lambda said: said["began long"] == 2 and said["ended later"], within=60)
    # As fast as the lease ends and a worker starts on a busy machine.
    assert time.monotonic() - killed < 60
    assert said["ended later"] == 1


def test_a_task_that_is_longer_than_a_lease_is_not_run_twice(workers):
    for _ in range(2):
        workers.start()
    workers.send("long", 3 * LEASE)
    workers.send("first", 0.0)
    said = workers.until(lambda said: said["ended long"] == 1, within=90)
    time.sleep(LEASE)
    assert workers.said() == said == {"began long": 1, "ended long": 1, "began first": 1,
                                      "ended first": 1}  # fmt: skip


def test_a_task_that_is_stuck_is_ended_once_and_its_worker_goes_on(workers):
    """The other process of this worker is stuck, too: the queue goes on only if both are replaced."""
    workers.start()
    for name in ("stuck", "stuck too"):
        workers.send(name, 600.0, time_limit=3)
    workers.until(lambda said: said["began stuck"] and said["began stuck too"], within=60)
    workers.send("after", 0.0)
    workers.until(lambda said: said["ended after"] == 1, within=60)
    time.sleep(2 * LEASE)
    assert workers.said() == {"began stuck": 1, "began stuck too": 1, "began after": 1,
                              "ended after": 1}  # fmt: skip
