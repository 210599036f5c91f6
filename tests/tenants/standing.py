"""Processes that stand at a named step until the test has killed them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from events.steps import STANDS

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120.0
Work = tuple[str, str, str]  # the step, and what of tests/tenants/pool_work.py with which argument


@contextmanager
def at_steps(work: Sequence[Work], *, env: Mapping[str, str]) -> Iterator[list[int]]:
    """All of them stand where they shall; gives their pids. At the end they are killed."""
    command = [sys.executable, "-m", "tests.tenants.pool_work", json.dumps(work)]
    started = subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    pids = [int(started.stdout.readline().split()[1]) for _ in work]
    try:
        _wait_until_all_stand(started, len(work))
        yield pids
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        started.communicate(timeout=PATIENCE)


def _wait_until_all_stand(started: subprocess.Popen[str], count: int) -> None:
    said: list[str] = []

    def listen() -> None:
        while sum(line.startswith(STANDS) for line in said) < count:
            line = started.stderr.readline()
            if not line:
                return
            said.append(line)

    listening = threading.Thread(target=listen, daemon=True)
    listening.start()
    listening.join(PATIENCE)
    standing = [line for line in said if line.startswith(STANDS)]
    assert len(standing) == count, "".join(said)[-4_000:]
