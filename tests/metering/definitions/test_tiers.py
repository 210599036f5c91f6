"""Prices in tiers: to the unit at each edge, rounded once, and never more than what was set aside."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metering import Limit, Tier, Tiers, UsagePrice, price_columns, price_of
from metering.models import Quota

GRADUATED = Tiers("graduated", (Tier(5, 7_00), Tier(10, 6_50), Tier(None, 6_00)))
VOLUME = Tiers("volume", GRADUATED.tiers)
WITH_FLAT = Tiers("graduated", (Tier(100, 0, flat=5_00), Tier(None, 1, per=3, flat=2_00)))


@pytest.mark.parametrize(
    ("quantity", "graduated", "volume"),
    [
        (0, 0, 0),
        (1, 7_00, 7_00),
        (5, 35_00, 35_00),
        (6, 41_50, 39_00),
        (10, 67_50, 65_00),
        (11, 73_50, 66_00),
        (25, 157_50, 150_00),
    ],
)
def test_each_edge_belongs_to_the_tier_that_ends_there(
    quantity: int, graduated: int, volume: int
) -> None:
    """5 at $7, 5 at $6.50, the others at $6: as in Stripe's page "Tiered pricing"."""
    assert (GRADUATED.cost(quantity), VOLUME.cost(quantity)) == (graduated, volume)


@pytest.mark.parametrize(
    ("quantity", "cost"),
    [
        (0, 0),
        (1, 5_00),
        (100, 5_00),
        (Decimal("100.5"), 7_00),  # 1/6 of a cent
        (101, 7_00),  # 1/3 of a cent
        (Decimal("101.5"), 7_01),  # exactly half a cent is rounded up
        (102, 7_01),  # 2/3 of a cent
        (103, 7_01),
        (-3, 0),
    ],
)
def test_a_flat_part_is_added_once_and_the_sum_is_rounded_once(
    quantity: Decimal | int, cost: int
) -> None:
    assert WITH_FLAT.cost(quantity) == cost


@pytest.mark.parametrize(
    ("mode", "tiers", "words"),
    [
        ("graduated", (Tier(10, 1), Tier(10, 2), Tier(None, 1)), "tiers overlap"),
        ("graduated", (Tier(10, 1), Tier(5, 2), Tier(None, 1)), "tiers overlap"),
        ("graduated", (Tier(10, 1),), "the last tier must have no end"),
        ("graduated", (), "the last tier must have no end"),
        ("graduated", (Tier(None, 1), Tier(None, 2)), "only the last tier has no end"),
        ("package", (Tier(None, 1),), "none of graduated, volume"),
        ("volume", (Tier(None, -1),), "not negative"),
        ("volume", (Tier(None, 1, per=0),), "for one unit or more"),
    ],
)
def test_tiers_that_make_no_sense_are_refused(
    mode: str, tiers: tuple[Tier, ...], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        Tiers(mode, tiers)  # type: ignore[arg-type]


amounts = st.integers(0, 1_000)


@st.composite
def prices(draw: st.DrawFn) -> Tiers:
    edges = sorted(draw(st.sets(st.integers(1, 60), max_size=4)))
    tiers = [
        Tier(edge, draw(amounts), draw(st.integers(1, 20)), draw(amounts))
        for edge in [*edges, None]
    ]
    return Tiers(draw(st.sampled_from(["graduated", "volume"])), tuple(tiers))


def one_by_one(price: Tiers, quantity: int) -> Fraction:
    """The same, counted unit by unit."""
    if price.mode == "volume":
        tier = next(each for each in price.tiers if each.up_to is None or quantity <= each.up_to)
        return Fraction(tier.amount, tier.per) * quantity + (tier.flat if quantity else 0)
    cost, reached = Fraction(0), set()
    for unit in range(1, quantity + 1):
        tier = next(each for each in price.tiers if each.up_to is None or unit <= each.up_to)
        cost += Fraction(tier.amount, tier.per) + (tier.flat if tier not in reached else 0)
        reached.add(tier)
    return cost


@given(prices(), st.integers(0, 80))
def test_the_sum_over_the_units_is_the_price(price: Tiers, quantity: int) -> None:
    if price.mode == "graduated" and len(set(price.tiers)) < len(price.tiers):
        return  # the counting above tells equal tiers not apart
    assert price.exact(quantity) == one_by_one(price, quantity)


@given(prices(), st.integers(0, 3_000))
def test_what_can_be_afforded_is_the_last_unit_before_it_costs_more(
    price: Tiers, money: int
) -> None:
    most = min(price.affordable(money), 100)
    assert all(price.exact(each) <= money for each in range(most + 1))
    if most < 100:
        assert price.exact(most + 1) > money


@given(prices())
def test_a_row_keeps_a_price_in_tiers(price: Tiers) -> None:
    row = Quota(**price_columns(price))
    assert price_of(row) == price
    assert price_of(Quota(**price_columns(UsagePrice(5, per=7)))) == UsagePrice(5, per=7)
    assert price_of(Quota()) is None


def test_tiers_count_from_what_is_included() -> None:
    limit = Limit(100, hard=False, price=GRADUATED)
    assert [limit.cost(used) for used in (100, 105, 106)] == [0, 35_00, 41_50]
