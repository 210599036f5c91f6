"""Text messages: to the provider, back as receipts, and STOP."""

from __future__ import annotations

import pytest

from identity import reached
from identity.persons import person_of
from outbound import channels, recipients
from outbound.channels import known
from outbound.consents import consent
from outbound.models import ConsentChange, MessageEvent, State
from outbound.providers import sms_events
from outbound.running import Runner
from outbound.simulators import SmsProviderSimulator
from tests.outbound.writing import NEWS, USAGE, fresh, send, to_person

NUMBER = "+4915123456789"
STATUS, INBOUND = "/hooks/sms/status/", "/hooks/sms/inbound/"


@pytest.fixture
def provider(db, settings):
    settings.OUTBOUND_AT_ONCE = False
    settings.SMS_PROVIDER = "twilio"
    settings.SMS_ACCOUNT, settings.SMS_TOKEN, settings.SMS_FROM = (
        "AC1",
        "secret-token",
        "+15005550006",
    )
    with SmsProviderSimulator(account="AC1", token="secret-token") as simulator:
        settings.SMS_API_URL = simulator.url
        channels.register(channels.SMS)
        yield simulator
    known._registered.pop("sms")


@pytest.fixture
def reader(people):
    """Somebody with a phone, who wants news of usage on it."""
    user = people.outsider
    person = person_of(user)
    reached.learn(person, source=reached.From.GIVEN, phone=NUMBER)
    consent.change(
        recipients.person(person.pk), topic=USAGE, given=True, source="test", channel="sms"
    )
    return user


def text_to(user, topic: str = USAGE):
    from outbound.delivery.ledger import About

    about = About(person=person_of(user).pk)
    return send(topic, to=NUMBER, about=about, channel="sms", text="Your usage is high.")


def run() -> int:
    return Runner(["sms"]).one_pass()


def call(client, path, said, *, signed_by=None):
    from django.conf import settings

    headers = {}
    if signed_by:
        headers["x-twilio-signature"] = signed_by.sign(f"{settings.SITE_URL}{path}", said)
    return client.post(path, said, headers=headers)


def test_it_goes_to_the_provider_with_its_words_and_no_more(provider, reader):
    row = text_to(reader)
    assert run() == 1
    [taken] = provider.taken
    assert (taken.to, taken.sender, taken.body) == (NUMBER, "+15005550006", "Your usage is high.")
    assert (fresh(row).state, fresh(row).provider_id, fresh(row).sealed) == (
        State.SENT,
        taken.sid,
        "",
    )


def test_it_needs_a_yes_of_its_own(provider, reader):
    row = text_to(reader, NEWS)
    run()
    assert (fresh(row).state, fresh(row).reason) == (State.SKIPPED, "no_consent")
    assert provider.taken == []


def test_it_goes_to_a_number_that_they_gave_themselves(provider, reader):
    person = person_of(reader)
    type(person).objects.filter(pk=person.pk).update(phone_from="import")
    row = text_to(reader)
    run()
    assert (fresh(row).state, fresh(row).reason) == (State.SKIPPED, "address_unproved")


def test_there_are_few_a_day(provider, reader, settings):
    settings.SMS_CAPS_A_DAY = {"product": 1, "marketing": 1}
    first, second = text_to(reader), text_to(reader)
    run()
    assert [fresh(first).state, fresh(second).reason] == [State.SENT, "capped"]


@pytest.mark.parametrize(
    ("status", "state", "reason"),
    [
        (400, State.DEAD, "sms_refused"),
        (429, State.READY, "sms_refused_for_now"),
        (401, State.READY, "provider_refuses_us"),
        (500, State.UNKNOWN, "provider_failed"),
    ],
)
def test_what_the_provider_answers_decides(provider, reader, status, state, reason):
    provider.answers.append((status, 21610, "no"))
    row = text_to(reader)
    run()
    assert (fresh(row).state, fresh(row).reason) == (state, reason)


def test_a_provider_that_is_away_holds_up_no_mail(provider, reader, settings, mailoutbox):
    settings.SMS_API_URL = "http://127.0.0.1:9"
    row, mail = text_to(reader), send()
    run()
    Runner(["mail"]).one_pass()
    assert (fresh(row).state, fresh(row).reason) == (State.READY, "sms_unreachable")
    assert fresh(mail).state == State.SENT


def test_receipts_come_once_each_and_in_any_order(provider, reader, client_for):
    row = text_to(reader)
    run()
    said = {"MessageSid": provider.taken[0].sid, "MessageStatus": "delivered"}
    for _ in range(2):
        assert call(client_for(), STATUS, said, signed_by=provider).status_code == 204
    call(client_for(), STATUS, {**said, "MessageStatus": "sent"}, signed_by=provider)
    assert fresh(row).state == State.DELIVERED
    assert MessageEvent.objects.filter(message=row).count() == 2


def test_one_that_did_not_arrive_says_so(provider, reader, client_for):
    row = text_to(reader)
    run()
    said = {
        "MessageSid": provider.taken[0].sid,
        "MessageStatus": "undelivered",
        "ErrorCode": "30003",
    }
    call(client_for(), STATUS, said, signed_by=provider)
    assert (fresh(row).state, fresh(row).reason, fresh(row).detail) == (
        State.BOUNCED, "sms_undelivered", "error 30003",
    )  # fmt: skip


@pytest.mark.parametrize("path", [STATUS, INBOUND])
def test_nobody_else_tells_us_anything(provider, reader, client_for, settings, path):
    row = text_to(reader)
    run()
    said = {
        "MessageSid": provider.taken[0].sid,
        "MessageStatus": "failed",
        "From": NUMBER,
        "Body": "STOP",
    }
    other = SmsProviderSimulator(account="AC1", token="another")
    for signed_by in (None, other):
        assert call(client_for(), path, said, signed_by=signed_by).status_code == 403
    assert client_for().get(path).status_code == 405
    settings.SMS_PROVIDER = ""
    assert call(client_for(), path, said, signed_by=provider).status_code == 404
    assert fresh(row).state == State.SENT
    assert not ConsentChange.objects.filter(source="text message").exists()


def test_stop_ends_what_is_optional_by_text_and_start_takes_that_back(provider, reader, client_for):
    said = {"From": NUMBER, "Body": " Stop. "}
    assert call(client_for(), INBOUND, said, signed_by=provider).status_code == 200
    row, mail = text_to(reader), to_person(reader, USAGE)
    needed = text_to(reader, "account")
    Runner().one_pass()
    assert fresh(row).reason == "no_consent"
    assert [fresh(mail).state, fresh(needed).state] == [State.SENT] * 2
    call(client_for(), INBOUND, {"From": NUMBER, "Body": "START"}, signed_by=provider)
    again = text_to(reader)
    run()
    assert fresh(again).state == State.SENT
    change = ConsentChange.objects.filter(source="text message").earliest("at")
    assert (change.channel, change.given, change.text_shown) == ("sms", False, "STOP")


def test_start_gives_back_what_stop_took_and_nothing_else(provider, reader):
    for text in ("STOP", "START"):
        sms_events.answered(sender=NUMBER, text=text)
    row = text_to(reader, NEWS)
    consent.change(
        recipients.person(person_of(reader).pk),
        topic=USAGE,
        given=False,
        source="page",
        channel="sms",
    )
    sms_events.answered(sender=NUMBER, text="START")
    usage = text_to(reader)
    run()
    assert [fresh(row).reason, fresh(usage).reason] == ["no_consent"] * 2


def test_start_is_no_yes_of_somebody_who_never_said_no(provider, people):
    reached.learn(person_of(people.outsider), source=reached.From.GIVEN, phone=NUMBER)
    assert sms_events.answered(sender=NUMBER, text="yes") == "start"
    row = text_to(people.outsider)
    run()
    assert fresh(row).reason == "no_consent"


@pytest.mark.parametrize("text", ["", "stop it now", "hello", "STOPPED", "\0"])
def test_other_words_change_nothing(provider, reader, text):
    assert sms_events.answered(sender=NUMBER, text=text) == ""
