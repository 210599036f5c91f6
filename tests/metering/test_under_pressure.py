"""What is metered is never left out; the invoice of a day with too much to do is the count by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

import events
from events import registry
from metering import Limit, Meter, UsagePrice, alerts, checks
from metering.asking import Question, ask_stored
from metering.definitions.catalogue import meters
from metering.definitions.meter import CatalogueError
from metering.definitions.sense import check
from metering.quotas import limits
from metering.tasks import evaluate_alerts


def test_law_no_event_that_a_meter_counts_may_be_left_out():
    assert meters()
    counted = {meter.event for meter in meters().values()}
    assert not [name for name in counted if registry.is_sheddable(name)]


def test_a_catalogue_that_counts_what_may_be_left_out_is_refused_at_start(monkeypatch):
    views = Meter(key="views", label="Views", event="Page Viewed", aggregation="count")
    with pytest.raises(CatalogueError, match="left out"):
        check(views)

    def broken():
        return check(views)

    monkeypatch.setattr(checks, "meters", broken)
    [error] = checks.check_catalogue()
    assert error.id == "metering.E001"
    assert "sheddable" in error.msg


def test_what_is_metered_on_a_day_of_pressure_is_what_was_counted_by_hand(
    log, acme, pressure_of, db
):
    """Clicks and page views at every level; only page views are sampled."""
    clicks = 0
    for level in (0, 1, 2, 3, 2, 1, 0):
        pressure_of(level)
        with events.batch():
            for number in range(20):
                events.record("Link Clicked", tenant=acme, properties=_click(number))
                clicks += 1
                said = {"path": "/", "title": "Home", "referrer": ""}
                events.record("Page Viewed", anonymous_id=UUID(int=number), properties=said)
    pressure_of(3)
    events.record_with_row("Link Count Changed", tenant=acme, properties=_links(2))
    log.settle()
    assert _used(acme, "clicks") == clicks == 140
    assert _used(acme, "links") == 2
    priced = Limit(100, hard=False, price=UsagePrice(1_00, per=10))
    assert priced.cost(_used(acme, "clicks")) == 40 * 10
    views = [each for each in log.store.find(names=["Page Viewed"]) if not each.person]
    assert len(views) < 140


def test_usage_is_compared_with_alerts_less_often_and_nobody_is_forgotten(
    log, acme, pressure_of, settle
):
    limits.set_limits(acme, {"links": 10}, currency="usd")
    looked = []
    for level, times in ((1, 3), (0, 2)):
        pressure_of(level)
        for _ in range(times):
            events.record_with_row("Link Count Changed", tenant=acme, properties=_links(1))
            log.settle()
            looked.append(evaluate_alerts())
    assert looked[0] >= 1
    assert looked[1:3] == [0, 0]
    assert looked[3] >= 1  # with what the two before had left
    assert alerts.of(acme)


def _click(number: int) -> dict[str, object]:
    return {"link_id": UUID(int=number), "code": "x"}


def _links(change: int) -> dict[str, object]:
    return {"change": change, "link_id": UUID(int=1)}


def _used(tenant, meter: str) -> int:
    now = datetime.now(UTC) + timedelta(minutes=1)
    [[row]] = ask_stored(tenant, Question(meter=meter, start=now - timedelta(days=1)), now=now)
    return int(row.value)
