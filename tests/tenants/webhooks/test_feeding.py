"""What happens in a workspace is written for its endpoints, once, and for nobody else's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import msgspec
from django.utils import timezone

from events import registry
from outbound import webhooks
from outbound.models import Message, WebhookEndpoint
from outbound.webhooks import telling
from tenants.webhooks import READER, feed, feeding, offered
from tests.outbound.webhooks.writing import event_of


def written(endpoint: WebhookEndpoint) -> list[str]:
    rows = Message.objects.filter(channel="webhook", address=str(endpoint.pk)).order_by("pk")
    return list(rows.values_list("subject", flat=True))


def test_only_the_types_that_it_wants_of_its_own_workspace(acme, globex, endpoint):
    feed(
        [event_of(acme), event_of(acme, "Member Left"), event_of(globex), event_of(acme)],
        None,
    )
    assert written(endpoint) == ["member.joined", "member.joined"]


def test_a_batch_that_comes_again_writes_nothing(acme, endpoint):
    batch = [event_of(acme), event_of(acme)]
    feed(batch, None)
    feed(batch, None)
    assert len(written(endpoint)) == 2


def test_what_was_before_it_was_made_and_while_it_is_paused_is_not_told(acme, endpoint):
    old = msgspec.structs.replace(event_of(acme), received_at=timezone.now() - timedelta(days=1))
    feed([old], None)
    webhooks.pause(endpoint)
    feed([event_of(acme)], None)
    assert written(endpoint) == []


def test_what_a_workspace_sent_itself_and_what_is_not_its_own_is_not_offered():
    names = offered()
    assert {"Member Joined", "Plan Changed"} <= set(names)
    assert not set(names) & {"Signed Up", "Page Viewed", "API Called", "Person Identified"}
    assert not set(names) & {each.name for each in registry.external()}


def test_an_endpoint_that_was_given_such_a_name_all_the_same_is_not_told(acme, endpoint):
    WebhookEndpoint.objects.update(names=["API Called"])
    said = {"method": "GET", "path": "/", "key_id": str(uuid4())}
    feed([event_of(acme, "API Called", **said)], None)
    assert written(endpoint) == []


def test_one_for_which_too_much_waits_is_paused_and_its_people_hear_so(acme, endpoint, monkeypatch):
    monkeypatch.setattr(webhooks, "MOST_WAITING", 3)
    monkeypatch.setattr(telling, "MOST_WAITING", 3)
    for _ in range(5):
        feed([event_of(acme)], None)
    endpoint.refresh_from_db()
    assert (endpoint.state, endpoint.because) == ("paused", "too_many")
    assert len(written(endpoint)) == 3
    assert Message.objects.filter(channel="mail", subject__contains="has stopped").count() == 1


def test_where_nobody_has_an_endpoint_a_batch_costs_one_question(acme, django_assert_num_queries):
    with django_assert_num_queries(1):
        feed([event_of(acme) for _ in range(50)], None)


def test_the_reader_begins_now_and_is_registered():
    from events.readers import registered

    assert READER in registered()
    assert (READER.starts, READER.names, READER.handle) == ("now", None, feeding.feed)
    assert replace(READER, name="x") != READER
