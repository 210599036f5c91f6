"""What a channel says of itself is what is done with its messages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from django.utils import timezone

from outbound import channels
from outbound.channels import Channel, Counted, Schedule, Unknown, known
from outbound.consents import consent
from outbound.delivery import ledger, sending
from outbound.letter import Letter
from outbound.models import Message, State
from outbound.outcomes import NotSent, Outcome, Sent, Unclear
from outbound.running import Runner
from tests.outbound.consents.test_consent import of
from tests.outbound.writing import NEWS, USAGE, fresh, send, to_person

MANY = Counted("1000/d", "1000/d", "1000/d", {"product": 1000, "marketing": 1000})


@dataclass
class Pigeon:
    """A way that answers as it is told, and keeps what it was given."""

    answers: list[Outcome]
    carried: list[str]

    def deliver(self, message: Message, letter: Letter) -> Outcome:
        self.carried.append(str(message.pk))
        return self.answers.pop(0) if self.answers else Sent("pigeon")

    def close(self) -> None: ...


@pytest.fixture
def pigeons(db, settings):
    settings.OUTBOUND_AT_ONCE = False
    way = Pigeon([], [])
    made = Channel(
        "pigeon", "pigeon", lambda: way, str, Unknown.STAYS,
        is_proved=lambda message: True, counted=lambda: MANY,
    )  # fmt: skip

    def having(**rules) -> Pigeon:
        channels.register(replace(made, **rules))
        return way

    yield having
    known._registered.pop("pigeon", None)


def test_a_message_goes_by_the_channel_that_it_names(pigeons, mailoutbox):
    way = pigeons()
    row = send(channel="pigeon")
    Runner().one_pass()
    assert (way.carried, mailoutbox) == ([str(row.pk)], [])
    assert fresh(row).provider_id == "pigeon"


def test_nobody_can_write_to_a_channel_that_is_not_there(db):
    with pytest.raises(ValueError, match="no channel"):
        ledger.send(Letter("a", "b"), to="x", topic="account", channel="owl")


def test_what_an_older_process_does_not_know_waits_for_a_newer_one(pigeons):
    pigeons()
    row = send(channel="pigeon")
    known._registered.pop("pigeon")
    Runner().one_pass()
    assert fresh(row).state == State.READY
    assert sending.try_now(row.pk) is True
    assert (fresh(row).state, fresh(row).reason) == (State.HELD, "no_such_channel")
    assert fresh(row).sealed


@pytest.mark.parametrize(
    ("rule", "state"), [(Unknown.STAYS, State.UNKNOWN), (Unknown.AGAIN, State.READY)]
)
def test_the_channel_says_what_becomes_of_an_unknown(pigeons, rule, state):
    way = pigeons(unknown=rule)
    way.answers = [Unclear("connection_lost")]
    row = send(channel="pigeon")
    Runner().one_pass()
    assert (fresh(row).state, fresh(row).reason) == (state, "connection_lost")
    assert bool(fresh(row).sealed) is (rule is Unknown.AGAIN)


@pytest.mark.parametrize(
    ("rule", "state"), [(Unknown.STAYS, State.UNKNOWN), (Unknown.AGAIN, State.READY)]
)
def test_and_of_one_whose_process_is_gone(pigeons, rule, state):
    pigeons(unknown=rule)
    row = send(channel="pigeon")
    now = timezone.now()
    Message.objects.filter(pk=row.pk).update(state="sending", claimed_until=now)
    assert sending.sweep(now=now + timedelta(seconds=1)) == 1
    assert (fresh(row).state, fresh(row).reason) == (state, "worker_gone")


def test_it_is_tried_as_often_as_the_channel_says(pigeons):
    way = pigeons(patience=Schedule([60, 600], timedelta(days=3)))
    way.answers = [NotSent("refused_for_now")] * 3
    row = send(channel="pigeon")
    waits = []
    for _ in range(3):
        Runner().one_pass()
        if fresh(row).state == State.READY:
            waits.append((fresh(row).not_before - timezone.now()).total_seconds())
            Message.objects.filter(pk=row.pk).update(not_before=timezone.now())
    assert [pytest.approx(60, rel=0.25), pytest.approx(600, rel=0.25)] == waits
    assert (fresh(row).state, len(way.carried)) == (State.DEAD, 3)


def test_the_other_side_may_ask_for_more_time_not_for_less(pigeons):
    way = pigeons(patience=Schedule([60, 60], timedelta(days=3)))
    later, now = timezone.now() + timedelta(hours=2), timezone.now()
    way.answers = [NotSent("slow_down", again_at=later), NotSent("slow_down", again_at=now)]
    first, second = send(channel="pigeon"), send(channel="pigeon")
    Runner().one_pass()
    assert fresh(first).not_before == later
    assert fresh(second).not_before > now + timedelta(seconds=40)


def test_a_yes_to_mail_is_none_to_another_channel_that_needs_one(pigeons, people):
    pigeons(comes_unasked=False)
    row = to_person(people.outsider, USAGE, channel="pigeon")
    by_mail = to_person(people.outsider, USAGE)
    Runner().one_pass()
    assert (fresh(row).state, fresh(row).reason) == (State.SKIPPED, "no_consent")
    assert fresh(by_mail).state == State.SENT


def test_a_no_to_one_channel_is_none_to_another(pigeons, people):
    pigeons()
    consent.change(of(people.outsider), topic=USAGE, given=False, source="test", channel="pigeon")
    assert consent.wanted_by(people.outsider) >= {USAGE}
    row, by_mail = (to_person(people.outsider, USAGE, channel=each) for each in ("pigeon", "mail"))
    Runner().one_pass()
    assert [fresh(row).state, fresh(by_mail).state] == [State.SKIPPED, State.SENT]


def test_what_rings_nobody_comes_at_night(pigeons, people, settings):
    hour = timezone.now().hour
    settings.MAIL_QUIET_FROM, settings.MAIL_QUIET_UNTIL = hour, (hour + 2) % 24
    way = pigeons(rings=False)
    for channel in ("pigeon", "mail"):
        consent.change(of(people.outsider), topic=NEWS, given=True, source="test", channel=channel)
    row = to_person(people.outsider, NEWS, channel="pigeon")
    by_mail = to_person(people.outsider, NEWS)
    Runner().one_pass()
    assert way.carried == [str(row.pk)]
    assert fresh(by_mail).reason == "quiet_hours"


def test_each_channel_has_caps_of_its_own(pigeons, people, settings):
    settings.MAIL_CAPS_A_DAY = {"product": 1, "marketing": 1}
    pigeons(counted=lambda: replace(MANY, a_day={"product": 1, "marketing": 1}))
    rows = [to_person(people.outsider, USAGE, channel=c) for c in ("pigeon", "mail") * 2]
    Runner().one_pass()
    found = [fresh(row).state for row in rows]
    assert found == [State.SENT, State.SENT, State.HELD, State.HELD]
