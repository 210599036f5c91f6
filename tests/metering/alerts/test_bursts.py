"""A burst of what does not count is told to those who manage, once a day, and on the pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail

from metering.alerts import bursts
from metering.models import AlertSent
from tests.events.log import an_event


@pytest.fixture
def arrive(log, acme):
    def store(amount, *, at=None):
        log.store.append(
            [
                an_event("Link Clicked", tenant=acme.schema_name, time=at, counted=False)
                for _ in range(amount)
            ]
        )

    return store


@pytest.fixture
def look(acme, django_capture_on_commit_callbacks):
    def now(moment=None):
        mail.outbox.clear()
        with django_capture_on_commit_callbacks(execute=True):
            bursts.evaluate(acme, now=moment)
        return [message.subject for message in mail.outbox]

    return now


def test_few_are_no_news(arrive, look):
    arrive(299)
    assert look() == []


def test_a_burst_is_mailed_to_those_who_manage_once_a_day(arrive, look, people):
    arrive(350)
    assert look() == ["Acme: 350 clicks that do not count within an hour"]
    assert [message.to for message in mail.outbox] == [[people.acme_owner.email]]
    assert "They cost nothing" in mail.outbox[0].body
    assert "/usage/clicks_not_counted/" in mail.outbox[0].body
    arrive(900)
    assert look() == []


def test_what_came_hours_ago_is_no_burst_of_now(arrive, look):
    arrive(350, at=datetime.now(UTC) - timedelta(hours=2))
    assert look() == []


def test_pages_say_it_for_a_day(arrive, look, client_for, people, acme, globex):
    arrive(350)
    look()
    for address in ("/", "/usage/"):
        page = client_for(people.acme_owner, acme).get(address).content.decode()
        assert "More than 300 clicks that do not count came within an hour" in page
        other = client_for(people.globex_owner, globex).get(address).content.decode()
        assert "that do not count came" not in other
    AlertSent.objects.update(sent_at=datetime.now(UTC) - timedelta(hours=25))
    page = client_for(people.acme_owner, acme).get("/usage/").content.decode()
    assert "that do not count came" not in page
