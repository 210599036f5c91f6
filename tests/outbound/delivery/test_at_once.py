"""A mail server that takes its time: several mails are in hand at once, and a code is the next of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from outbound.models import Message, State
from outbound.running import Process
from tests.outbound import smtp_server
from tests.outbound.writing import send


@pytest.fixture
def server(committed, settings):
    settings.OUTBOUND_AT_ONCE = False
    settings.EMAIL_BACKEND = "outbound.channels.smtp.EmailBackend"
    with smtp_server.running() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_TIMEOUT = 30
        yield server
    Message.objects.filter(once_key__startswith="test:").delete()


def run_until(is_done: Callable[[], bool]) -> None:
    stop = threading.Event()
    process = threading.Thread(target=Process().run, args=[stop])
    process.start()
    try:
        until = time.monotonic() + 20
        while not is_done() and time.monotonic() < until:
            time.sleep(0.02)
    finally:
        stop.set()
        process.join(30)


def sent() -> int:
    return Message.objects.filter(once_key__startswith="test:", state=State.SENT).count()


def test_as_many_mails_are_in_hand_at_once_as_the_settings_say(server, settings):
    """The server takes none before it has all of them: one after the other would never end."""
    server.gathers = threading.Barrier(settings.MAIL_AT_ONCE)
    for _ in range(settings.MAIL_AT_ONCE):
        send()
    run_until(lambda: sent() == settings.MAIL_AT_ONCE)
    assert sent() == len(server.mails) == settings.MAIL_AT_ONCE > 1


def test_a_code_overtakes_what_waits_for_a_slow_server(server, settings):
    """All lanes are busy when it is written: it is in the hand of the first that is free."""
    full = server.gathers = threading.Barrier(settings.MAIL_AT_ONCE + 1)  # and this test
    for _ in range(3 * settings.MAIL_AT_ONCE):
        send()

    def with_a_code() -> bool:
        if full.n_waiting == settings.MAIL_AT_ONCE:
            send("codes", to="code@example.org")
            server.gathers = None
            full.wait(timeout=20)
        return any("To: code@example.org" in mail for mail in server.mails)

    run_until(with_a_code)
    arrived = next(n for n, mail in enumerate(server.mails) if "To: code@example.org" in mail)
    assert arrived < 2 * settings.MAIL_AT_ONCE
