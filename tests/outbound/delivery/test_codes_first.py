"""A slow mail server: whoever waits for a code waits for nobody else's letter, and for few codes."""

from __future__ import annotations

import threading
import time

import pytest

from outbound import topics
from outbound.models import Message, State
from outbound.running import Process
from tests.outbound import smtp_server
from tests.outbound.writing import send


@pytest.fixture
def slow(settings, committed):
    with smtp_server.running() as server:
        settings.EMAIL_BACKEND = "outbound.channels.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.OUTBOUND_AT_ONCE = False
        server.seconds = 0.3
        yield server
        Message.objects.all().delete()


def test_many_codes_leave_several_at_once_and_before_all_else(slow, settings):
    for number in range(8):
        send(to=f"letter-{number}@example.com")
    codes = [send(topics.CODES.key, to=f"code-{number}@example.com") for number in range(6)]
    stop = threading.Event()
    thread = threading.Thread(target=Process().run, args=[stop])
    thread.start()
    try:
        until = time.monotonic() + 30
        sent = Message.objects.filter(state=State.SENT)
        while sent.filter(pk__in=[code.pk for code in codes]).count() < len(codes):
            assert time.monotonic() < until
            time.sleep(0.02)
    finally:
        stop.set()
        thread.join(30)
    assert slow.most_at_once > 1
    last = max(number for number, mail in enumerate(slow.mails) if "code-" in mail)
    # Only lanes that found no code waiting any more have taken a letter before the last one was there.
    assert sum("letter-" in mail for mail in slow.mails[:last]) < settings.MAIL_AT_ONCE
    assert all(sum(f"code-{n}@" in mail for mail in slow.mails) == 1 for n in range(6))
