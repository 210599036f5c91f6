"""At the moment of sending every question is asked, and each answer is a reason in the row."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.utils import timezone

from identity import reached
from identity.persons import person_of
from outbound import recipients
from outbound.channels.mail import MailChannel
from outbound.consents import consent
from outbound.delivery import sending
from outbound.delivery.ledger import About
from outbound.gating import caps, suppression
from outbound.gating.suppression import Reason
from outbound.models import CapSlot, State
from tenants.life import suspension
from tests.outbound.writing import NEWS, USAGE, fresh, send, to_person

NOON = datetime(
    2030, 6, 5, 12, tzinfo=UTC
)  # ahead of the rows that tests write, and a day in summer


def dealt(row, *, now=NOON):
    """The row after it was dealt with at this moment."""
    sending.next_one({"mail": MailChannel()}, now=now)
    return fresh(row)


def said(row) -> tuple[str, str]:
    return row.state, row.reason


@pytest.fixture
def reader(people):
    """Somebody who wants the news, and lives in Berlin."""
    user = people.outsider
    reached.learn(person_of(user), source=reached.From.GIVEN, time_zone="Europe/Berlin")

    consent.change(recipients.person(person_of(user).pk), topic=NEWS, given=True, source="test")
    return user


def test_news_that_nobody_asked_for_are_not_sent(people):
    assert said(dealt(to_person(people.outsider, NEWS))) == (State.SKIPPED, "no_consent")
    assert mail.outbox == []


def test_who_wants_the_news_gets_them(reader):
    assert said(dealt(to_person(reader, NEWS))) == (State.SENT, "")


def test_a_topic_that_nobody_has_registered_is_marketing(people):
    row = to_person(people.outsider, "something-new")
    assert said(dealt(row)) == (State.SKIPPED, "no_consent")


def test_product_mail_comes_until_somebody_says_no(people):
    assert dealt(to_person(people.outsider, USAGE)).state == State.SENT
    row = to_person(people.outsider, USAGE)
    consent.choose(people.outsider, wanted=[], source="test")
    assert said(dealt(row)) == (State.SKIPPED, "no_consent")


def test_nobody_can_say_no_to_what_is_necessary(people):
    consent.withdraw_everything(recipients.person(person_of(people.outsider).pk), source="test")
    assert dealt(to_person(people.outsider, "account")).state == State.SENT


def test_what_can_be_done_without_goes_to_proved_addresses_only(people):
    EmailAddress.objects.filter(user=people.outsider).update(verified=False)
    assert said(dealt(to_person(people.outsider, USAGE))) == (State.SKIPPED, "address_unproved")
    assert dealt(to_person(people.outsider, "codes")).state == State.SENT


def test_an_address_that_somebody_else_has_proved_is_not_theirs(people):
    about = About(person=person_of(people.outsider).pk)
    row = send(USAGE, to=people.acme_owner.email, about=about)
    assert said(dealt(row)) == (State.SKIPPED, "address_unproved")


@pytest.mark.parametrize(
    ("why", "topic", "reason"),
    [
        (Reason.BOUNCE, "account", "suppressed_bounce"),
        (Reason.BOUNCE, "codes", ""),
        (Reason.COMPLAINT, USAGE, "suppressed_complaint"),
        (Reason.COMPLAINT, "account", ""),
    ],
)
def test_a_suppressed_address_gets_less(people, why, topic, reason):
    suppression.add(people.outsider.email.upper(), reason=why)
    assert dealt(to_person(people.outsider, topic)).reason == reason


def test_a_suppression_ends(people):
    suppression.add(people.outsider.email, reason=Reason.BOUNCE, until=NOON - timedelta(days=1))
    assert dealt(to_person(people.outsider, "account")).state == State.SENT


def test_of_a_suspended_workspace_only_what_is_necessary_is_sent(people, acme):
    usage = to_person(people.acme_owner, USAGE, tenant=acme.pk)
    suspension.suspend(acme, because="spam", by=people.outsider)  # which writes to its owner, too
    for _ in range(2):
        dealt(usage)
    assert said(fresh(usage)) == (State.SKIPPED, "workspace_suspended")
    [letter] = mail.outbox
    assert letter.subject == "Acme is suspended"


def test_news_wait_for_the_morning_of_who_gets_them(reader):
    night = datetime(2030, 6, 5, 1, tzinfo=UTC)  # 3 o'clock in Berlin
    row = dealt(to_person(reader, NEWS), now=night)
    assert said(row) == (State.HELD, "quiet_hours")
    assert row.not_before == datetime(2030, 6, 5, 6, tzinfo=UTC)
    assert sending.next_one({"mail": MailChannel()}, now=night + timedelta(hours=4)) is False
    assert dealt(row, now=row.not_before).state == State.SENT


def test_who_says_no_while_it_waits_does_not_get_it(reader):
    row = dealt(to_person(reader, NEWS), now=datetime(2030, 6, 5, 1, tzinfo=UTC))
    consent.choose(reader, wanted=[], source="test")
    assert said(dealt(row)) == (State.SKIPPED, "no_consent")


def test_codes_come_at_night_and_however_many(people, settings):
    settings.MAIL_ALL_PER_RECIPIENT = "1/d"
    night = datetime(2030, 6, 5, 1, tzinfo=UTC)
    rows = [to_person(people.outsider, "codes") for _ in range(4)]
    assert {dealt(row, now=night).state for row in rows} == {State.SENT}


@pytest.mark.parametrize(
    ("setting", "reason", "about"),
    [
        ("MAIL_ALL_PER_RECIPIENT", "limit_of_recipient", {}),
        ("MAIL_ALL_PER_WORKSPACE", "limit_of_workspace", {"tenant": uuid4()}),
        ("MAIL_ALL_PER_SENDER", "limit_of_sender", {"sender": uuid4()}),
    ],
)
def test_over_a_limit_messages_wait(db, settings, setting, reason, about):
    setattr(settings, setting, "2/h")
    to = f"{uuid4().hex}@example.org"
    rows = [send(to=to, about=About(**about)) for _ in range(3)]
    states = [said(dealt(row)) for row in rows]
    assert states == [(State.SENT, ""), (State.SENT, ""), (State.HELD, reason)]
    assert fresh(rows[2]).not_before > NOON


def test_over_the_cap_news_are_dropped_and_product_mail_waits_for_their_midnight(reader, settings):
    settings.MAIL_CAPS_A_DAY = {"marketing": 1, "product": 1}
    news = [said(dealt(to_person(reader, NEWS))) for _ in range(2)]
    assert news == [(State.SENT, ""), (State.SKIPPED, "capped")]
    usage = [dealt(to_person(reader, USAGE)) for _ in range(2)]
    assert [said(row) for row in usage] == [(State.SENT, ""), (State.HELD, "capped")]
    assert usage[1].not_before == datetime(2030, 6, 5, 22, tzinfo=UTC)
    assert dealt(usage[1], now=usage[1].not_before).state == State.SENT


def test_a_message_that_is_tried_again_keeps_its_slot(reader):
    row, day = to_person(reader, NEWS), NOON.date()
    for _ in range(3):
        assert caps.take("x", group="marketing", day=day, most=1, message_id=row.pk)
    assert CapSlot.objects.count() == 1


def test_two_who_send_at_once_do_not_pass_the_cap_together(committed):
    whom, day, won = f"test:{uuid4()}", timezone.now().date(), []
    barrier = threading.Barrier(8)

    def take() -> None:
        barrier.wait()
        won.append(caps.take(whom, group="g", day=day, most=2, message_id=uuid4()))
        connection.close()

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    CapSlot.objects.filter(recipient=whom).delete()
    assert won.count(True) == 2
