"""The one place where usage becomes money: exact, half a unit up."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metering import Limit, UsagePrice

prices = st.builds(UsagePrice, st.integers(0, 10**6), st.integers(1, 10**9))
quantities = st.integers(0, 10**12) | st.decimals(0, 10**9, places=9)
limits = st.builds(Limit, st.none() | st.integers(0, 10**9), st.just(False), prices)


@pytest.mark.parametrize(
    ("price", "quantity", "cost"),
    [
        (UsagePrice(1_00, per=10_000), 23_456, 235),
        (UsagePrice(1_00, per=10_000), 49, 0),
        (UsagePrice(1_00, per=10_000), 50, 1),
        (UsagePrice(1, per=2), 1, 1),
        (UsagePrice(1, per=3), 1, 0),
        (UsagePrice(1, per=2), 2**63 - 1, 2**62),
        (UsagePrice(7), Decimal("0.5"), 4),
        (UsagePrice(0), 10**9, 0),
        (UsagePrice(5), -3, 0),
    ],
)
def test_worked_examples(price: UsagePrice, quantity: int | Decimal, cost: int) -> None:
    assert price.cost(quantity) == cost


@given(prices, quantities)
def test_it_is_within_half_a_unit_of_the_exact_amount_and_never_negative(
    price: UsagePrice, quantity: int | Decimal
) -> None:
    cost = price.cost(quantity)
    assert cost >= 0
    assert abs(2 * (cost * price.per - Decimal(quantity) * price.amount)) <= price.per


@given(prices, quantities, quantities)
def test_more_never_costs_less(price: UsagePrice, one: int | Decimal, other: int | Decimal) -> None:
    less, more = sorted([Decimal(one), Decimal(other)])
    assert price.cost(less) <= price.cost(more)


@given(prices, quantities, quantities)
def test_two_parts_cost_what_the_whole_does_to_a_unit(
    price: UsagePrice, one: int | Decimal, other: int | Decimal
) -> None:
    parts = price.cost(one) + price.cost(other)
    assert abs(parts - price.cost(Decimal(one) + Decimal(other))) <= 1


@given(limits, quantities)
def test_what_is_included_costs_nothing_and_the_rest_its_price(
    limit: Limit, used: int | Decimal
) -> None:
    assert limit.price is not None
    if limit.value is None or used <= limit.value:
        assert limit.cost(used) == 0
    else:
        assert limit.cost(used) == limit.price.cost(used - limit.value)


def test_numbers_longer_than_a_decimal_context_stay_exact() -> None:
    limit = Limit(10**18, hard=False, price=UsagePrice(1, per=10**20))
    assert limit.above(10**40 + 1) == 10**40 + 1 - 10**18
    assert limit.cost(10**40 + 10**18) == 10**20


@pytest.mark.parametrize(("amount", "per"), [(-1, 1), (1, 0), (1, -5)])
def test_a_price_makes_sense(amount: int, per: int) -> None:
    with pytest.raises(ValueError, match="not negative"):
        UsagePrice(amount, per)
