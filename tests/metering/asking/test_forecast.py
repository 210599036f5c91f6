from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metering import Limit, Meter, UsagePrice
from metering.asking import forecast
from metering.pages import costs
from metering.periods import LIFETIME, Period

NOW = datetime(2026, 5, 11, tzinfo=UTC)
MAY = Period(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))
CLICKS = Meter(key="clicks", label="Clicks", event="Link Clicked", aggregation="count")
PRICE = UsagePrice(100, per=1_000)


def expect(used, recent, *, days=7, limit=None, period=MAY, meter=CLICKS):
    since = NOW - timedelta(days=days)
    return forecast.of(
        meter, used=used, recent=recent, since=since, period=period, limit=limit, now=NOW
    )


def test_the_pace_of_the_last_week_goes_on_to_the_end_of_the_period():
    found = expect(1_000, 700)  # 100 a day, for 21 days more
    assert found.value == 1_000 + 2_100
    assert found.until == MAY.end
    assert found.a_day == 100
    assert found.method == "At the pace of the last 7 days."


def test_it_says_when_the_limit_is_reached_if_that_is_before_the_end():
    assert expect(1_000, 700, limit=1_500).passes_at == NOW + timedelta(days=5)
    assert expect(1_000, 700, limit=3_101).passes_at is None
    assert expect(1_600, 700, limit=1_500).passes_at is None, "it has been reached"
    assert expect(0, 0, limit=10).passes_at is None


def test_there_is_no_forecast_in_the_first_day():
    assert expect(5, 5, days=0.5) is None
    assert expect(5, 5, days=1) is not None


@pytest.mark.parametrize("aggregation", ["max", "latest", "unique"])
def test_what_does_not_add_up_has_no_forecast(aggregation):
    assert expect(5, 5, meter=replace(CLICKS, aggregation=aggregation)) is None


def test_a_meter_that_never_starts_again_is_looked_at_thirty_days_ahead():
    found = expect(50, 7, period=LIFETIME, limit=60)
    assert found.value == 80
    assert found.until == NOW + timedelta(days=30)
    assert found.passes_at == NOW + timedelta(days=10)


def test_what_shrinks_never_goes_below_nothing():
    assert expect(10, -70, period=LIFETIME).value == 0


@given(used=st.integers(0, 10**15), recent=st.integers(0, 10**12), limit=st.integers(1, 10**16))
def test_a_limit_is_passed_exactly_when_the_forecast_says_so(used, recent, limit):
    found = expect(used, recent, limit=limit)
    if found.passes_at:
        assert used < limit <= found.value
        assert NOW < found.passes_at <= MAY.end + timedelta(seconds=1)
    elif used < limit:
        assert found.value <= limit


def cost(limit, *, used, recent=700):
    return costs.of(CLICKS, limit, used=used, forecast=expect(used, recent))


def test_usage_above_a_soft_limit_costs_its_price_to_the_minor_unit():
    found = cost(Limit(1_000, hard=False, price=PRICE), used=2_444)
    assert (found.included, found.above, found.so_far) == (1_000, 1_444, 144)
    assert found.by_end == 354  # 3,544 above, $0.10 for each 100


def test_half_a_minor_unit_is_rounded_up_once():
    assert cost(Limit(0, hard=False, price=PRICE), used=5).so_far == 1
    assert cost(Limit(0, hard=False, price=PRICE), used=4).so_far == 0


def test_a_limit_of_their_own_bounds_what_the_period_can_cost():
    own = Limit(1_000, hard=False, price=PRICE).capped(2_500)
    found = cost(own, used=2_000)
    assert (found.included, found.so_far, found.by_end) == (1_000, 100, 150)


def test_without_a_price_there_is_no_cost():
    assert cost(Limit(1_000), used=2_000) is None


def test_all_costs_together_are_unknown_when_one_is():
    known = cost(Limit(0, hard=False, price=PRICE), used=1_000)
    unknown = costs.of(CLICKS, Limit(0, hard=False, price=PRICE), used=1_000, forecast=None)
    assert costs.bill({"a": known, "b": unknown}, currency="usd").by_end is None
    assert costs.bill({"a": known, "b": unknown}, currency="usd").so_far == 200
    assert costs.bill({"a": known, "b": None}, currency="usd").by_end == known.by_end
    assert Decimal(known.by_end) == 310
