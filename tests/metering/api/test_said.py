"""What pages and mails say of usage is true: how long ago, and what happens at a limit."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from metering import Limit
from metering.pages.usage_page import UsagePage
from metering.quotas import limits, own_limits
from metering.quotas.spend import OwnLimits
from tests.events.log import an_event

NOON = datetime(2026, 11, 20, 12, 5, tzinfo=UTC)


@pytest.fixture
def lines(log, acme):
    """`lines(20)`: how "Recent activity" tells of a click so many minutes before NOON."""

    def tell(minutes):
        at = NOON - timedelta(minutes=minutes)
        log.store.append([an_event("Link Clicked", tenant=acme.schema_name, time=at)])
        return UsagePage.of(acme, now=NOON).activity

    return tell


@pytest.mark.parametrize("minutes", [1, 20, 45, 58])
def test_what_happened_within_the_hour_is_told_by_its_minute(lines, minutes):
    [line] = lines(minutes)
    assert line.at == NOON - timedelta(minutes=minutes)
    assert line.span == ""


def test_what_happened_before_is_told_by_the_hour_it_lies_in(lines, acme):
    acme.time_zone = "Europe/Oslo"
    [line] = lines(95)
    assert line.span == "11:00 to 12:00"
    [_, yesterday] = lines(14 * 60)
    assert yesterday.span == "yesterday, 23:00 to 0:00"


def test_twenty_minutes_ago_is_not_an_hour_ago_on_the_page(log, client_for, people, acme):
    at = datetime.now(UTC) - timedelta(minutes=20)
    log.store.append([an_event("Link Clicked", tenant=acme.schema_name, time=at)])
    page = client_for(people.acme_owner, acme).get("/usage/").content.decode()
    assert re.search(r"(19|20|21)\s+minutes ago", page.replace("\xa0", " "))
    assert "hour ago" not in page


def test_beside_a_soft_limit_it_says_that_usage_goes_on(client_for, people, acme):
    limits.set_limits(acme, {"clicks": Limit(1_000, hard=False), "links": Limit(10)})
    page = client_for(people.acme_owner, acme).get("/usage/limits/").content.decode()
    assert "The plan includes 1,000; what is above goes on and is counted." in page
    assert "Above a limit of your own, no more is counted until the period ends." in page
    assert "The plan includes 10. Above a limit of your own, more is refused." in page
    assert "1,000. No more is counted" not in page


def test_the_gauge_of_a_limit_of_their_own_says_whose_it_is(log, client_for, people, acme):
    limits.set_limits(acme, {"clicks": Limit(1_000, hard=False)})
    own_limits.set_own(acme, OwnLimits(caps={"clicks": 500}), by=None)
    page = client_for(people.acme_owner, acme).get("/usage/").content.decode()
    assert "500 left of your own limit" in page
