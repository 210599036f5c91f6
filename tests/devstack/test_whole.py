"""All that `bin/dev` runs, as it runs it: what is forked from what, and what comes back."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from plg_site.devstack import ports
from plg_site.devstack.stack import Stack

pytestmark = pytest.mark.stack
FORKED = ("stripe", "web", "background", "live")


@pytest.fixture(scope="module")
def whole(
    tmp_path_factory: pytest.TempPathFactory, bare_environ: dict[str, str]
) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("whole")
    with Stack(folder, throw_away=True, environ=bare_environ).start() as stack:
        yield stack


def until(holds: Callable[[], bool], *, seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def pids(stack: Stack) -> dict[str, int | None]:
    return {name: stack.process(name).pid for name in FORKED}


def is_gone(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def answers(stack: Stack) -> bool:
    return ports.answers_http(stack.addresses.port, host=ports.LOOPBACK, path="/healthz")


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs proc(5)")
def test_every_process_of_the_project_has_the_same_parent(whole: Stack) -> None:
    preloaded = whole.process("preloaded").pid
    for name, pid in pids(whole).items():
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
        assert int(after_name.split()[1]) == preloaded, name
        assert Path(f"/proc/{pid}/comm").read_text().strip() == name


def test_the_background_stops_in_order_and_starts_again(whole: Stack) -> None:
    before = whole.process("background").pid
    whole.kill("background", signal.SIGTERM)
    assert until(lambda: whole.process("background").pid not in {None, before})
    whole.wait_until_ready("background")
    said = whole.state.log_path.read_text()
    assert "background ended (exit code 0)" in " ".join(said.split())
    for word in ("events_consumer_stopped", "events_consumer_started"):
        assert word in said


def test_when_the_parent_is_killed_everything_comes_back(whole: Stack) -> None:
    before = pids(whole)
    whole.kill("preloaded")
    assert until(lambda: all(new not in {None, before[name]} for name, new in pids(whole).items()))
    for name in FORKED:
        whole.wait_until_ready(name)
    assert answers(whole)
    for name, pid in before.items():
        assert pid is not None
        assert is_gone(pid), f"something of the old {name} is still there"
