"""From the ledger to a program, and what becomes of what it answers."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
import standardwebhooks
from django.utils import timezone

from outbound import webhooks
from outbound.delivery import sending
from outbound.models import Message, State, WebhookEndpoint
from outbound.running import Runner
from outbound.simulators.webhook_endpoint import Answer
from outbound.webhooks import calling, telling
from tests.outbound.webhooks.writing import again_now, event_of, message_for
from tests.outbound.writing import fresh, send


def run() -> int:
    return Runner().one_pass()


def state_of(endpoint: WebhookEndpoint) -> tuple[str, str]:
    row = WebhookEndpoint.objects.get(pk=endpoint.pk)
    return row.state, row.because


def test_an_event_arrives_signed_and_is_written_down_as_taken(acme, made, program):
    endpoint, secret = made
    event = event_of(acme)
    assert webhooks.tell(endpoint, event)
    assert run() == 1
    [got] = program.received
    said = standardwebhooks.Webhook(secret).verify(got.body.decode(), dict(got.headers))
    assert said["type"] == "member.joined"
    assert said["data"] == {"id": str(event.id), **event.properties}
    assert got.is_signed_with(secret)
    assert got.headers["content-type"] == "application/json"
    row = Message.objects.get(address=str(endpoint.pk))
    assert (row.state, row.provider_id, row.sealed) == (State.SENT, "HTTP 204", "")
    assert got.message_id == f"msg_{row.pk.hex}"


def test_an_event_is_written_once_for_each_endpoint(acme, endpoint, people, program):
    other, _ = webhooks.add(tenant_id=acme.pk, url=program.url, names=[], by=people.acme_owner.pk)
    event = event_of(acme)
    written = [webhooks.tell(each, event) for each in (endpoint, other, endpoint, other)]
    assert written == [True, True, False, False]


def test_a_new_secret_signs_at_once_and_the_former_one_for_a_day(endpoint, made, program):
    former = made[1]
    current = webhooks.roll(endpoint)
    message_for(endpoint)
    run()
    WebhookEndpoint.objects.update(former_until=timezone.now() - timedelta(seconds=1))
    message_for(endpoint)
    run()
    first, second = program.received
    assert [first.is_signed_with(current), first.is_signed_with(former)] == [True, True]
    assert [second.is_signed_with(current), second.is_signed_with(former)] == [True, False]


def test_no_secret_lies_open_in_the_database(endpoint, made):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(e)::text FROM outbound_webhookendpoint e")
        assert made[1].removeprefix("whsec_")[:20] not in cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("status", "reason"),
    [(500, "endpoint_refused"), (404, "endpoint_refused"), (302, "endpoint_redirects")],
)
def test_what_was_not_taken_is_tried_again_with_the_same_id(endpoint, program, status, reason):
    program.answers.append(Answer(status, {"Location": "http://127.0.0.1:1/"}))
    row = message_for(endpoint)
    run()
    assert (fresh(row).state, fresh(row).reason) == (State.READY, reason)
    assert fresh(row).detail == f"HTTP {status}"
    again_now(row)
    run()
    first, second = program.received
    assert first.message_id == second.message_id
    assert fresh(row).state == State.SENT


def test_the_pauses_are_those_of_standard_webhooks_and_then_it_is_paused(endpoint, program, people):
    program.always = Answer(503)
    row, waits = message_for(endpoint), []
    for _ in range(len(webhooks.PAUSES)):
        run()
        waits.append((fresh(row).not_before - timezone.now()).total_seconds())
        again_now(row)
    run()
    assert waits == [pytest.approx(pause, rel=0.25) for pause in webhooks.PAUSES]
    assert sum(webhooks.PAUSES) / 86400 == pytest.approx(3.15, abs=0.01)
    assert (fresh(row).state, len(program.received)) == (State.DEAD, 10)
    assert state_of(endpoint) == ("paused", "failing")


def test_one_that_takes_other_events_is_not_paused_for_one_that_it_refuses(endpoint, program):
    row = message_for(endpoint)
    program.answers.extend([Answer(400)] * 10)
    for _ in range(9):
        run()
        again_now(row)
    WebhookEndpoint.objects.update(took_at=timezone.now() + timedelta(seconds=1))
    run()
    assert fresh(row).state == State.DEAD
    assert state_of(endpoint) == ("active", "")


def test_gone_disables_it_and_says_so_to_who_made_it_and_to_the_owners(
    endpoint, program, people, mailoutbox, acme
):
    program.always = Answer(410)
    first, second = message_for(endpoint), message_for(endpoint)
    run()
    assert state_of(endpoint) == ("disabled", "gone")
    assert (fresh(first).state, fresh(first).reason) == (State.DEAD, "endpoint_says_gone")
    Message.objects.filter(pk=second.pk).update(not_before=timezone.now())
    run()
    assert (fresh(second).state, fresh(second).reason) == (State.HELD, "endpoint_disabled")
    assert len(program.received) == 1
    assert {to for mail in mailoutbox for to in mail.to} == {people.acme_owner.email}
    assert "stopped" in mailoutbox[0].subject


def test_it_may_ask_for_more_time(endpoint, program):
    program.answers.extend(
        [Answer(429, {"Retry-After": "900"}), Answer(503, {"Retry-After": "soon"})]
    )
    first = message_for(endpoint)
    run()
    wait = (fresh(first).not_before - timezone.now()).total_seconds()
    assert wait == pytest.approx(900, abs=5)
    again_now(first)
    run()
    assert fresh(first).state == State.READY


def test_a_slow_one_is_left_in_time_and_called_again(endpoint, program, monkeypatch):
    monkeypatch.setattr(calling, "SECONDS", 0.5)
    program.answers.append(Answer(after=5))
    row, began = message_for(endpoint), time.monotonic()
    run()
    assert time.monotonic() - began < 4
    assert (fresh(row).state, fresh(row).reason) == (State.READY, "endpoint_too_slow")


def test_nobody_there_is_no_fault_of_ours(endpoint):
    endpoint.url = "http://127.0.0.1:9/hooks"
    endpoint.save()
    row = message_for(endpoint)
    run()
    assert (fresh(row).state, fresh(row).reason) == (State.READY, "endpoint_unreachable")


def test_one_that_fails_rests_and_others_go_on(acme, endpoint, program, people):
    other, _ = webhooks.add(tenant_id=acme.pk, url=program.url, names=[], by=people.acme_owner.pk)
    program.answers.append(Answer(500))
    rows = [message_for(endpoint) for _ in range(3)]
    theirs = [message_for(other) for _ in range(3)]
    run()
    assert [fresh(row).attempts for row in rows] == [1, 0, 0]
    assert [fresh(row).state for row in theirs] == [State.SENT] * 3
    assert WebhookEndpoint.objects.get(pk=endpoint.pk).failures == 1


def test_an_endpoint_has_one_delivery_in_hand_at_most(endpoint, program):
    first, second = message_for(endpoint), message_for(endpoint)
    until = timezone.now() + timedelta(minutes=1)
    Message.objects.filter(pk=first.pk).update(state="sending", claimed_until=until)
    assert run() == 0
    assert sending.sweep(now=until + timedelta(seconds=1)) == 1
    assert run() == 2
    assert [fresh(first).state, fresh(second).state] == [State.SENT] * 2


def test_a_paused_one_gets_nothing_and_what_waited_leaves_when_it_is_resumed(endpoint, program):
    row = message_for(endpoint)
    assert webhooks.pause(endpoint)
    late = message_for(endpoint)  # written in the same moment as it was paused
    assert run() == 1
    assert [fresh(each).reason for each in (row, late)] == ["endpoint_paused"] * 2
    assert program.received == []
    webhooks.resume(endpoint)
    run()
    assert [fresh(each).state for each in (row, late)] == [State.SENT] * 2


def test_what_waited_for_four_days_is_worth_nothing(endpoint, program):
    row = message_for(endpoint)
    webhooks.pause(endpoint)
    sending.next_one({"webhook": webhooks.WEBHOOK.new()}, now=timezone.now() + telling.KEPT_FOR)
    assert (fresh(row).state, fresh(row).reason, program.received) == (State.SKIPPED, "expired", [])


def test_a_removed_one_leaves_nothing(endpoint, program):
    message_for(endpoint)
    webhooks.remove(endpoint)
    assert run() == 0
    assert not Message.objects.filter(channel="webhook").exists()
    assert program.received == []


def test_a_suspended_workspace_is_told_nothing(acme, endpoint, program):
    row = message_for(endpoint)
    type(acme).objects.filter(pk=acme.pk).update(status="suspended")
    run()
    assert (fresh(row).state, fresh(row).reason) == (State.SKIPPED, "workspace_suspended")


def test_mail_is_not_in_the_same_lane(endpoint, program, mailoutbox):
    message_for(endpoint)
    mail = send()
    Runner(["mail"]).one_pass()
    assert (fresh(mail).state, program.received) == (State.SENT, [])
