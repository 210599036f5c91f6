"""The live process: it lives and is ready without Redis, and says no before it stops."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import httpx
import pytest

from plg_site.devstack.options import ROOT
from tests.plg_site.proxies import free_port

PATIENCE = 60.0  # of a busy machine


@pytest.fixture
def live() -> Iterator[SimpleNamespace]:
    """One whose Redis is nowhere, and that goes on for a while when it is told to stop."""
    port, nowhere = free_port(), free_port()
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "plg_site.settings",
        "REDIS_URL": f"redis://127.0.0.1:{nowhere}/0",
        "DRAIN_SECONDS": "3",
    }
    command = [sys.executable, "-m", "plg_site.live", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=env)

    def ask(path: str) -> int:
        try:
            answer = httpx.get(f"http://127.0.0.1:{port}{path}", headers={"Host": "10.1.2.3"})
        except httpx.HTTPError:
            return 0
        return answer.status_code

    yield SimpleNamespace(process=process, ask=ask)
    process.kill()
    process.wait(PATIENCE)


def until(condition: Callable[[], bool], what: str) -> None:
    give_up = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up, what
        time.sleep(0.05)


def test_it_is_restarted_for_nobodys_sake_and_drains(live):
    until(lambda: live.ask("/readyz") == 200, "it is not ready")
    assert live.ask("/livez") == 200
    assert live.ask("/healthz") == 503, "which says that it hears nothing, as it always did"
    live.process.terminate()
    until(lambda: live.ask("/readyz") == 503, "it stops without a word")
    assert live.ask("/livez") == 200
    until(lambda: live.process.poll() is not None, "it does not end")
