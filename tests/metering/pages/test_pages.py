import re

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.models import OutboxEvent
from metering import Limit
from metering.pages.usage_page import UsagePage, gauges
from metering.quotas import quota
from tests.events.log import an_event


@pytest.fixture
def owner(client_for, people, acme):
    OutboxEvent.objects.all().delete()
    return client_for(people.acme_owner, acme)


def click(log, tenant, count=1):
    log.store.append([an_event("Link Clicked", tenant=tenant.schema_name) for _ in range(count)])


def poll(client, page):
    """Ask for the live part as htmx does, with the address that the page named."""
    address = re.search(r'hx-get="([^"]+)"', page.content.decode())[1]
    return client.get(address, headers={"HX-Request": "true"})


def test_the_page_shows_each_meter_against_its_limit(log, owner, acme):
    quota.set_limits(acme, {"clicks": Limit(1_000, hard=False), "links": 10})
    click(log, acme, 12)
    text = owner.get("/usage/").content.decode()
    assert 'id="meter-clicks"' in text
    assert "<strong>12</strong> of 1,000" in text
    assert "988 left, starts again on 1 " in text
    assert "the last 30 days" in text
    assert 'href="/billing/"' in text


def test_a_click_appears_with_the_next_poll(log, owner, acme):
    page = owner.get("/usage/")
    assert poll(owner, page).status_code == 204
    click(log, acme)
    live = poll(owner, page)
    assert "<strong>1</strong>" in live.content.decode()
    assert "+1" in live.content.decode()
    assert poll(owner, live).status_code == 204


def test_a_poll_is_cheap_and_leaves_no_trace(log, owner, acme):
    page = owner.get("/usage/")
    sessions = list(Session.objects.order_by("pk").values())
    with CaptureQueriesContext(connection) as queries:
        poll(owner, page)
    writes = [
        query for query in queries if not query["sql"].strip().startswith(("SELECT", "SET search"))
    ]
    assert writes == []
    assert len(queries) <= 8
    assert list(Session.objects.order_by("pk").values()) == sessions
    assert log.waiting() == 0
    assert not OutboxEvent.objects.exists()


def test_the_page_says_in_words_that_a_limit_is_reached_and_where_to_go(log, owner, acme):
    quota.set_limits(acme, {"clicks": Limit(2, hard=False)})
    click(log, acme, 3)
    text = owner.get("/usage/").content.decode()
    assert "Your workspace has used 3 clicks, and its plan includes 2. Everything keeps" in text
    assert "Upgrade" in text


def test_the_page_says_so_while_the_events_database_is_away(log, owner, settings):
    settings.EVENTS_DATABASE_URL = "postgres://nobody:nothing@127.0.0.1:1/nowhere"
    response = owner.get("/usage/")
    assert response.status_code == 200
    assert "Usage cannot be shown right now" in response.content.decode()


def test_one_workspace_never_shows_the_usage_of_another(log, owner, globex):
    click(log, globex, 77)
    assert "77" not in poll(owner, owner.get("/usage/")).content.decode()


def test_visitors_and_outsiders_see_nothing(log, client_for, people, acme):
    assert client_for(None, acme).get("/usage/").status_code == 302
    assert client_for(people.outsider, acme).get("/usage/").status_code == 404
    assert client_for(people.outsider, acme).get("/usage/live/").status_code == 404


def test_pages_about_something_else_show_the_same_numbers_without_the_history(log, acme):
    quota.set_limits(acme, {"clicks": Limit(10, hard=False), "links": 0})
    click(log, acme, 12)
    whole = {gauge.key: gauge for gauge in UsagePage.of(acme).gauges}
    light = {gauge.key: gauge for gauge in gauges(acme)}
    assert list(light) == list(whole)
    for key, gauge in light.items():
        full = whole[key]
        assert (gauge.used, gauge.limit, gauge.note) == (full.used, full.limit, full.note)
        assert gauge.warning == full.warning
        assert not gauge.bars
    assert light["clicks"].used == 12
    assert light["clicks"].warning
    assert light["links"].warning
    assert [gauge.key for gauge in gauges(acme, only={"links"})] == ["links"]
