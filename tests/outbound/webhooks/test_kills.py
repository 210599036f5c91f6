"""A sender that is killed with a delivery in its hand: the program gets it once more, under the same id."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from django.utils import timezone

from outbound import webhooks
from outbound.delivery import sending
from outbound.models import Message, State, WebhookEndpoint
from outbound.simulators.webhook_endpoint import Answer, WebhookEndpointSimulator
from tests.outbound.webhooks.writing import again_now, message_for

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def endpoint(committed, settings) -> Iterator[tuple[WebhookEndpoint, WebhookEndpointSimulator]]:
    settings.OUTBOUND_AT_ONCE = False
    tenant = uuid4()
    with WebhookEndpointSimulator() as program:
        made, _ = webhooks.add(tenant_id=tenant, url=program.url, names=[], by=None)
        yield made, program
    Message.objects.filter(tenant_id=tenant).delete()
    WebhookEndpoint.objects.filter(tenant_id=tenant).delete()


@pytest.fixture(autouse=True)
def _no_workspace(monkeypatch):
    """The endpoint's workspace is none of the named world."""
    from outbound.gating import gates

    monkeypatch.setattr(gates, "_registered", [webhooks.is_open])


def start() -> subprocess.Popen[str]:
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.outbound.webhooks.kill_work"],
        cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip


def until(true: Callable[[], object], *, seconds: float = 40) -> None:
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, "it did not come to pass"
        time.sleep(0.05)


def fresh(row: Message) -> Message:
    return Message.objects.get(pk=row.pk)


def test_killed_after_the_call_and_before_it_is_written_down(endpoint):
    made, program = endpoint
    program.answers.append(Answer(after=30))
    row = message_for(made)
    first = start()
    until(lambda: program.received)  # the request has arrived; the answer is not given
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    assert fresh(row).state == State.SENDING
    sending.sweep(now=timezone.now() + 2 * sending.LEASE)
    assert (fresh(row).state, fresh(row).reason) == (State.READY, "worker_gone")
    assert fresh(row).sealed, "what it says is still there to be sent"
    second = start()
    try:
        until(lambda: fresh(row).state == State.SENT)
    finally:
        second.send_signal(signal.SIGTERM)
        assert second.wait(timeout=30) == 0
    assert len(program.received) == 2
    assert len({got.message_id for got in program.received}) == 1
    assert fresh(row).sealed == ""


def test_a_program_that_hangs_holds_up_no_other_and_no_mail(endpoint):
    made, program = endpoint
    program.always = Answer(after=12)
    with WebhookEndpointSimulator() as quick:
        other, _ = webhooks.add(tenant_id=made.tenant_id, url=quick.url, names=[], by=None)
        slow = [message_for(made) for _ in range(20)]
        rows = [message_for(other) for _ in range(20)]
        worker = start()
        try:
            until(lambda: program.received)
            began = time.monotonic()
            until(lambda: len(quick.received) == len(rows), seconds=11)
            print(f"20 others in {time.monotonic() - began:.1f} s")
            assert len(program.received) == 1, "one lane at most"
            states = [fresh(row).state for row in slow]
            assert states.count(State.SENDING) == 1
            assert set(states) <= {State.SENDING, State.READY, State.HELD}
        finally:
            os.kill(worker.pid, signal.SIGKILL)
            worker.wait()
    assert again_now(rows[0]).state == State.SENT
