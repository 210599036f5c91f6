"""On a day with too much to do marketing mail waits in the ledger; what people need leaves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.core import mail

from identity.persons import person_of
from outbound import channels, letters, recipients, topics
from outbound.channels.mail import MailChannel
from outbound.consents import consent
from outbound.delivery import sending
from outbound.gating import gates
from outbound.models import State
from outbound.topics import Kind, Topic
from tests.outbound.writing import NEWS, USAGE, fresh, send, to_person

NOON = datetime(2030, 6, 5, 12, tzinfo=UTC)


def dealt(row, *, now=NOON):
    sending.next_one({"mail": MailChannel()}, now=now)
    return fresh(row)


def asked(topic: Topic) -> gates.Asked:
    message = SimpleNamespace(pk=UUID(int=7), person_id=None)
    return gates.Asked(message, channels.get("mail"), topic, NOON, ZoneInfo("UTC"))


@pytest.fixture
def reader(people):
    consent.change(
        recipients.person(person_of(people.outsider).pk), topic=NEWS, given=True, source="test"
    )
    return people.outsider


def test_news_are_held_with_a_reason_and_leave_after_it(reader, pressure_of):
    pressure_of(2)
    held = dealt(to_person(reader, NEWS))
    assert (held.state, held.reason) == (State.HELD, "pressure")
    assert mail.outbox == []
    pressure_of(1)
    later = held.not_before + timedelta(seconds=1)
    assert later < NOON + timedelta(minutes=15)
    assert dealt(held, now=later).state == State.SENT
    assert len(mail.outbox) == 1


def test_below_that_level_they_leave(reader, pressure_of):
    pressure_of(1)
    assert dealt(to_person(reader, NEWS)).state == State.SENT


@pytest.mark.parametrize("topic", ["codes", "account", "invitations", "workspace"])
def test_what_somebody_needs_leaves_at_the_highest_level(topic, pressure_of, db):
    pressure_of(3)
    assert dealt(send(topic)).state == State.SENT


def test_alerts_about_usage_leave_at_the_highest_level(reader, pressure_of):
    pressure_of(3)
    assert dealt(to_person(reader, USAGE)).state == State.SENT


def test_law_no_letter_that_is_transactional_meets_the_gate(pressure_of):
    pressure_of(3)
    kinds = letters.every()
    assert len(kinds) > 40
    met = {
        kind.key: gates._pressure(asked(topics.get(kind.topic)))
        for kind in kinds
        if topics.get(kind.topic).kind == Kind.TRANSACTIONAL
    }
    assert len(met) > 40
    assert not any(met.values())


def test_law_of_all_topics_only_marketing_and_digests_meet_it(pressure_of):
    pressure_of(3)
    known = [*topics._registered.values(), topics.get("nobody-knows-it")]
    met = {topic.key for topic in known if gates._pressure(asked(topic))}
    assert met == {topic.key for topic in known if topic.kind == Kind.MARKETING or topic.is_digest}
    assert NEWS in met


def test_a_digest_waits_from_the_first_level_on(pressure_of):
    digest = Topic("weekly", Kind.PRODUCT, is_digest=True)
    assert gates._pressure(asked(digest)) is None
    pressure_of(1)
    assert gates._pressure(asked(digest)).reason == "pressure"
    assert gates._pressure(asked(topics.NEWS)) is None


def test_what_always_comes_is_no_digest():
    with pytest.raises(ValueError, match="no digest"):
        Topic("weekly", Kind.TRANSACTIONAL, is_digest=True)
