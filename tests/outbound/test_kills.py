"""kill -9 while it sends: nothing is sent twice, what was in hand is unknown, and none is lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from django.utils import timezone

from outbound.delivery import ledger, sending
from outbound.letter import Letter
from outbound.models import Message, State
from tests.outbound.slow_mail import FILE

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).resolve().parents[2]
MESSAGES, KILLS, WORKERS = 600, 6, 2


@pytest.fixture
def tag(committed, settings) -> Iterator[str]:
    settings.OUTBOUND_AT_ONCE = False
    tag = f"killed-{uuid4().hex[:8]}"
    yield tag
    Message.objects.filter(once_key__startswith=tag).delete()


def start(file: Path) -> subprocess.Popen[str]:
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", FILE: str(file)}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.outbound.kill_work"],
        cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def states(tag: str) -> Counter[str]:
    return Counter(Message.objects.filter(once_key__startswith=tag).values_list("state", flat=True))


def write(tag: str) -> None:
    for number in range(MESSAGES):
        letter = Letter(f"Number {number}", "Your code is ABCD.")
        ledger.send(letter, to="a@b.example", topic="codes", once=f"{tag}:{number}")


def kill_one_by_one(tag: str, file: Path) -> None:
    """Workers are killed at odd moments, and others take over until all is done."""
    workers = [start(file) for _ in range(WORKERS)]
    try:
        for _ in range(KILLS):
            time.sleep(random.uniform(0.1, 0.4))  # noqa: S311 - any moment
            victim = workers.pop(0)
            os.kill(victim.pid, signal.SIGKILL)
            victim.wait()
            workers.append(start(file))
        until = time.monotonic() + 60
        while states(tag)[State.READY] and time.monotonic() < until:
            time.sleep(0.1)
        time.sleep(0.2)  # what is in hand is sent
    finally:
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        for worker in workers:
            worker.wait(timeout=30)


def test_killed_workers_send_nothing_twice_and_lose_nothing(tag, tmp_path, settings):
    file = tmp_path / "sent"
    file.touch()
    write(tag)
    kill_one_by_one(tag, file)
    sending.sweep(now=timezone.now() + 2 * sending.LEASE)
    found = states(tag)
    left = Counter(file.read_text().split())
    assert [each for each, times in left.items() if times > 1] == []
    assert found[State.UNKNOWN] <= KILLS * settings.MAIL_AT_ONCE
    assert found[State.SENT] + found[State.UNKNOWN] == MESSAGES
    assert found[State.SENT] <= len(left) <= MESSAGES
    rows = Message.objects.filter(once_key__startswith=tag)
    assert not rows.exclude(sealed="").exists(), "no row keeps a code"


def test_who_is_told_to_stop_finishes_what_is_in_hand(tag, tmp_path):
    file = tmp_path / "sent"
    file.touch()
    write(tag)
    worker = start(file)
    until = time.monotonic() + 30
    while not file.stat().st_size and time.monotonic() < until:
        time.sleep(0.01)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=30) == 0
    found = states(tag)
    assert found[State.SENDING] == found[State.UNKNOWN] == 0
    assert found[State.SENT] == len(file.read_text().split()) < MESSAGES


def test_a_code_is_on_its_way_within_a_second(tag, tmp_path):
    file = tmp_path / "sent"
    file.touch()
    worker = start(file)
    try:
        delays = []
        for number in range(20):
            time.sleep(random.uniform(0.3, 0.6))  # noqa: S311 - nobody is at work
            began, size = time.monotonic(), file.stat().st_size
            ledger.send(Letter("a", "b"), to="a@b.example", topic="codes", once=f"{tag}:{number}")
            while file.stat().st_size == size and time.monotonic() - began < 5:
                time.sleep(0.005)
            delays.append(time.monotonic() - began)
        print("delays:", sorted(round(each, 3) for each in delays))
        assert sorted(delays)[10] < 1
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(timeout=30)
