"""Clicks of single links, asked of the event store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

import events
from product import clicks

NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


@pytest.fixture
def click(acme, settle):
    def record(link, *, at=NOW, tenant=acme, anonymous_id=None) -> None:
        events.record(
            "Link Clicked",
            tenant=tenant,
            anonymous_id=anonymous_id,
            properties={"link_id": link.id, "code": link.code},
            time=at,
        )
        settle()

    return record


def test_each_link_has_its_own_total(acme, make_link, click):
    one, two, none = make_link(), make_link(), make_link()
    for link in (one, two, two):
        click(link)
    assert clicks.totals(acme, [one.id, two.id, none.id]) == {one.id: 1, two.id: 2, none.id: 0}


def test_a_total_knows_nothing_of_another_workspace(acme, globex, make_link, click):
    link = make_link()
    click(link, tenant=globex)
    assert clicks.totals(acme, [link.id]) == {link.id: 0}


def test_no_links_cost_no_question(acme, settings):
    settings.EVENTS_DATABASE_URL = "postgres://nobody@127.0.0.1:1/none"
    assert clicks.totals(acme, []) == {}


def test_days_begin_at_midnight_utc_and_empty_ones_are_there(acme, make_link, click):
    link, midnight = make_link(), NOW.replace(hour=0, minute=0)
    click(link, at=midnight)
    click(link, at=midnight - timedelta(seconds=1))
    click(link, at=midnight - timedelta(days=6, seconds=1))
    history = clicks.over_time(acme, link.id, step="day", buckets=7, now=NOW)
    assert [bucket.clicks for bucket in history] == [0, 0, 0, 0, 0, 1, 1]
    assert history[-1].start == midnight


def test_hours_end_with_the_current_one(acme, make_link, click):
    link = make_link()
    click(link, at=NOW)
    click(link, at=NOW - timedelta(hours=23))
    click(link, at=NOW - timedelta(hours=24))
    history = clicks.over_time(acme, link.id, step="hour", buckets=24, now=NOW)
    assert (len(history), history[0].clicks, history[-1].clicks) == (24, 1, 1)
    assert sum(bucket.clicks for bucket in history) == 2


def test_days_are_utc_whatever_the_clock_of_who_asks(acme, make_link, click):
    from datetime import timezone

    link, midnight = make_link(), NOW.replace(hour=0, minute=0)
    click(link, at=midnight)
    there = midnight.astimezone(timezone(timedelta(hours=-8)))
    history = clicks.over_time(acme, link.id, step="day", buckets=1, now=there)
    assert history == [clicks.Bucket(midnight, 1)]


def test_someone_else_is_any_browser_but_our_own(fresh, people, make_link, click):
    link, ours = make_link(fresh, by=people.outsider), uuid4()
    click(link, tenant=fresh, anonymous_id=ours)
    assert clicks.someone_else_clicked(fresh, own_ids=[ours]) is False
    click(link, tenant=fresh, anonymous_id=uuid4())
    assert clicks.someone_else_clicked(fresh, own_ids=[ours]) is True


def test_a_browser_that_does_not_let_itself_be_known_is_someone_else(
    fresh, people, make_link, click
):
    click(make_link(fresh, by=people.outsider), tenant=fresh, anonymous_id=None)
    assert clicks.someone_else_clicked(fresh, own_ids=[uuid4()]) is True


def test_without_the_event_store_nothing_is_made_up(acme, make_link, settings):
    link = make_link()
    settings.EVENTS_DATABASE_URL = "postgres://nobody@127.0.0.1:1/none"
    assert clicks.totals(acme, [link.id]) is None
    assert clicks.over_time(acme, link.id, step="day", buckets=3, now=NOW) is None
