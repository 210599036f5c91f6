"""What a mail server does decides what becomes of a message: tried again, given up, or unknown."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from outbound.channels.mail import MailChannel
from outbound.delivery import sending
from outbound.models import Message, State
from tests.metering.quotas.test_quota import NOBODY_LISTENS
from tests.outbound import smtp_server
from tests.outbound.writing import fresh, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings):
    with smtp_server.running() as server:
        settings.EMAIL_BACKEND = "outbound.channels.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_TIMEOUT = 3
        yield server


@pytest.fixture
def ways():
    ways = {"mail": MailChannel()}
    yield ways
    ways["mail"].close()


def test_several_go_through_one_connection(server, ways):
    rows = [send() for _ in range(3)]
    for _ in rows:
        sending.next_one(ways)
    assert len(server.mails) == 3
    assert {fresh(row).state for row in rows} == {State.SENT}
    assert all(f"Message-ID: <{row.pk}@" in "".join(server.mails) for row in rows)


def test_a_server_that_is_away_loses_nothing(server, ways, settings):
    settings.EMAIL_PORT = 1
    row = send()
    assert sending.next_one(ways).is_away
    row = fresh(row)
    assert (row.state, row.reason, row.attempts) == (State.READY, "unreachable", 1)
    assert timezone.now() < row.not_before < timezone.now() + timedelta(seconds=20)
    settings.EMAIL_PORT = server.port
    sending.next_one(ways, now=row.not_before)
    assert fresh(row).state == State.SENT
    assert len(server.mails) == 1


def test_after_two_days_it_is_a_dead_letter_that_keeps_its_words(server, ways, settings):
    settings.EMAIL_PORT = 1
    row, now = send(), timezone.now()
    tries = 0
    while fresh(row).state == State.READY:
        now = max(now, fresh(row).not_before)
        sending.next_one(ways, now=now)
        tries += 1
        assert tries < 20
        Message.objects.filter(pk=row.pk, state=State.READY).update(  # as if hours had gone by
            first_tried_at=fresh(row).first_tried_at - timedelta(hours=5)
        )
    assert (fresh(row).state, fresh(row).reason) == (State.DEAD, "unreachable")
    assert fresh(row).sealed


def test_what_expires_meanwhile_is_not_sent(server, ways):
    row = send("codes", expires_at=timezone.now() + timedelta(minutes=15))
    sending.next_one(ways, now=timezone.now() + timedelta(minutes=16))
    assert (fresh(row).state, fresh(row).reason) == (State.SKIPPED, "expired")
    assert (server.mails, fresh(row).sealed) == ([], "")


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        ("550 no such mailbox", State.DEAD, "refused"),
        ("452 mailbox is full", State.READY, "refused_for_now"),
    ],
)
def test_a_refusal_for_good_is_final_and_one_for_now_is_not(server, ways, answer, state, reason):
    server.rcpt = answer
    row = send()
    sending.next_one(ways)
    assert (fresh(row).state, fresh(row).reason) == (state, reason)
    assert answer[:3] in fresh(row).detail


@pytest.mark.parametrize("command", ["MAIL", "RCPT"])
def test_a_server_that_goes_before_the_letter_has_not_sent_it(server, ways, command):
    server.hangs_up_at = command
    row = send()
    sending.next_one(ways)
    assert (fresh(row).state, fresh(row).reason) == (State.READY, "connection_lost")


def test_a_server_that_goes_with_the_letter_leaves_it_unknown_and_it_is_not_sent_twice(
    server, ways
):
    server.hangs_up_at = "body"
    row = send()
    sending.next_one(ways)
    assert (fresh(row).state, fresh(row).reason) == (State.UNKNOWN, "connection_lost")
    server.hangs_up_at = ""
    assert sending.next_one(ways, now=timezone.now() + timedelta(days=1)) is False
    assert len(server.mails) == 1


def test_without_redis_everything_leaves(server, ways, settings):
    settings.REDIS_URL = NOBODY_LISTENS
    row = send()
    sending.next_one(ways)
    assert fresh(row).state == State.SENT


def test_a_connection_that_the_server_has_closed_is_made_anew(server, ways):
    send()
    sending.next_one(ways)
    ways["mail"]._connection.connection.sock.shutdown(2)
    row = send()
    sending.next_one(ways)
    assert fresh(row).state == State.SENT
