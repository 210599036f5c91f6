"""What is to leave is a row of the transaction that decides it, and leaves once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import timezone

from outbound.delivery import ledger, sending
from outbound.letter import Letter
from outbound.models import Message, State
from outbound.running import Runner
from tests.outbound.writing import fresh, send

pytestmark = pytest.mark.django_db


def run(most: int = 100) -> int:
    return Runner().one_pass(most=most)


def test_it_leaves_once_and_says_so():
    row = send()
    assert mail.outbox == []
    assert run() == 1
    assert run() == 0
    [message] = mail.outbox
    assert (message.to, message.subject) == (["ada@example.org"], "Hello")
    assert message.extra_headers["Message-ID"].startswith(f"<{row.pk}@")
    assert (fresh(row).state, fresh(row).attempts) == (State.SENT, 1)
    assert fresh(row).sent_at is not None


def test_one_fact_has_one_message():
    assert ledger.send(Letter("a", "b"), to="a@b.example", topic="account", once="fact:1")
    assert not ledger.send(Letter("a", "b"), to="a@b.example", topic="account", once="fact:1")
    run()
    assert len(mail.outbox) == 1


def test_what_is_rolled_back_never_leaves():
    with transaction.atomic():
        send()
        transaction.set_rollback(True)
    assert run() == 0
    assert not Message.objects.exists()


def test_writing_it_down_is_one_insert(django_assert_num_queries):
    with django_assert_num_queries(1):
        ledger.send(Letter("a", "b"), to="a@b.example", topic="codes", once="x")


def test_no_row_can_be_read_before_and_none_has_a_letter_after():
    row = send(text="Your code is ABCD-EFGH.", html="<p>ABCD-EFGH</p>")
    assert "ABCD" not in str(Message.objects.filter(pk=row.pk).values())
    assert Letter.opened(row.sealed, subject="").text == "Your code is ABCD-EFGH."
    run()
    assert fresh(row).sealed == ""


@pytest.mark.parametrize("state", ["sent", "unknown", "skipped", "delivered", "bounced"])
def test_the_database_refuses_a_letter_after_sending(state):
    row = send()
    with pytest.raises(IntegrityError, match="no_letter_after_sending"), transaction.atomic():
        Message.objects.filter(pk=row.pk).update(state=state)


def test_without_a_text_there_is_no_letter():
    with pytest.raises(ValueError, match="text part"):
        Letter("Hello", " \n", "<p>Hello</p>")


def test_a_subject_is_one_line():
    assert Letter("Hello\nBcc: x@example.org", "text").subject == "Hello Bcc: x@example.org"


def test_codes_go_first_and_news_last(django_capture_on_commit_callbacks):
    for topic in ("account", "codes", "account"):
        send(topic, to=f"{topic}@example.org")
    run()
    assert mail.outbox[0].to == ["codes@example.org"]


def test_a_pass_is_bounded():
    for _ in range(5):
        send()
    assert [run(most=2), run(most=2), run(most=2)] == [2, 2, 1]


def test_what_is_for_later_waits():
    row = send(not_before=timezone.now() + timedelta(hours=1))
    assert run() == 0
    Message.objects.filter(pk=row.pk).update(not_before=timezone.now())
    assert run() == 1


def test_one_that_cannot_be_opened_ends_nothing_for_the_others(settings):
    bad = send(to="bad@example.org")
    Message.objects.filter(pk=bad.pk).update(sealed="nothing that anybody sealed")
    send(to="good@example.org")
    run()
    assert [message.to for message in mail.outbox] == [["good@example.org"]]
    assert (fresh(bad).state, fresh(bad).reason) == (State.DEAD, "sealed_with_another_key")


def test_a_gate_that_fails_puts_off_its_message_alone(monkeypatch):
    from outbound.gating import gates

    def fails(asked):
        if asked.message.address == "bad@example.org":
            raise ZeroDivisionError

    monkeypatch.setattr(gates, "_registered", [fails])
    bad = send(to="bad@example.org")
    send(to="good@example.org")
    run()
    assert [message.to for message in mail.outbox] == [["good@example.org"]]
    assert (fresh(bad).state, fresh(bad).reason) == (State.READY, "gate_failed")
    assert fresh(bad).not_before > timezone.now()


def test_what_was_in_the_hands_of_somebody_gone_is_unknown_and_never_sent_again():
    row = send()
    Message.objects.filter(pk=row.pk).update(
        state="sending", claimed_until=timezone.now() - timedelta(seconds=1)
    )
    assert sending.sweep() == 1
    assert (fresh(row).state, fresh(row).reason) == (State.UNKNOWN, "worker_gone")
    assert run() == 0
    assert mail.outbox == []


def test_a_lease_that_runs_is_nobody_elses():
    row = send()
    Message.objects.filter(pk=row.pk).update(
        state="sending", claimed_until=timezone.now() + timedelta(seconds=60)
    )
    assert (sending.sweep(), run()) == (0, 0)


def test_with_the_commit_it_leaves_where_no_process_sends(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        send()
        assert mail.outbox == []
    assert len(mail.outbox) == 1
