"""A catalogue that is wrong is refused at start, in words that name the place."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from importlib import import_module

import pytest
from django.conf import settings

from billing import catalogue, checks
from billing.catalogue import AddOn, Coupon, Feature, Plan, PromotionCode
from metering import Limit, Tier, Tiers, UsagePrice

FREE = Plan(key="free", name="Free", summary="", limits={"links": Limit(1)})
PAID = Plan(
    key="paid", name="Paid", summary="", prices={"month": {"usd": 10_00, "eur": 9_00}}
)  # fmt: skip
HALF = Coupon(key="half", name="Half", percent=50)
MORE = AddOn(
    key="more", name="More", summary="", prices={"month": {"usd": 1, "eur": 1}}, adds={"links": 5}
)
CODE = PromotionCode(code="HALF", coupon="half")


class Listed:
    """A product's catalogue, of which a test changes a part."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._module = import_module(f"{settings.PRODUCT_APP}.catalogue")
        self._patch = patch
        lists = ("FEATURES", "ADD_ONS", "COUPONS", "PROMOTION_CODES")
        for name, value in {**dict.fromkeys(lists, ()), "PLANS": (FREE, PAID)}.items():
            self.set(name, value)

    def set(self, name: str, value: object) -> None:
        self._patch.setattr(self._module, name, value, raising=False)

    def plan(self, **changes: object) -> None:
        self.set("PLANS", (FREE, replace(PAID, **changes)))  # type: ignore[arg-type]


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> Listed:
    return Listed(monkeypatch)


def says() -> list[str]:
    return [each.msg for each in checks.check_catalogue()]


def test_this_one_is_right(listed: Listed) -> None:
    listed.set("COUPONS", (HALF,))
    listed.set("PROMOTION_CODES", (CODE,))
    listed.set("ADD_ONS", (MORE,))
    assert says() == []


IN_VOLUME = {"usd": Tiers("volume", (Tier(None, 5),)), "eur": 5}
IN_EUROS = {"eur": {"clicks": UsagePrice(1)}}
ONE_YEAR = {"month": {"usd": 10_00, "eur": 9_00}, "year": {"usd": 1}}
CLICKS = Limit(10, hard=False, price=UsagePrice(1))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"key": "free"}, 'there are 2 of the plan "free"'),
        ({"name": "Free"}, 'there are 2 of the plan named "Free"'),
        ({"key": "Paid!"}, 'the key "Paid!" must be'),
        ({"prices": ONE_YEAR}, "no price by the year in EUR"),
        ({"prices": {"week": {"usd": 1, "eur": 1}}}, 'the interval "week" is none of month, year'),
        ({"prices": {"month": {"usd": 0, "eur": 1}}}, "0 is no whole number of minor units"),
        ({"prices": {"month": {"usd": 9.99, "eur": 1}}}, "9.99 is no whole number of minor units"),
        ({"prices": {"month": {"USD": 1, "usd": 1}}}, 'the currency "USD" is no code'),
        ({"limits": {"teapots": Limit(1)}}, 'the catalogue has no meter "teapots"'),
        ({"limits": {"clicks": CLICKS}}, "there is no price of clicks in EUR"),
        ({"limits": {"clicks": Limit(10)}, "usage_prices": IN_EUROS}, "a price in EUR and none in USD"),
        ({"allows": {"magic"}}, 'the catalogue has no feature "magic"'),
        ({"trial_days": 1_000}, "a trial has 1 to 730 days"),
        ({"per_seat": True}, "its seats bring no members"),
        ({"each_seat": {"links": 1}, "limits": {"links": Limit(0)}}, "has no price per seat"),
        ({"per_seat": True, "each_seat": {"seats": 1}}, 'a seat adds to "seats", which has no limit'),
        ({"per_seat": True, "least_seats": 0}, "at least one seat is bought"),
        ({"prices": {"month": IN_VOLUME}}, "per_seat=True is missing"),
        ({"spend_limit": {"usd": 5}}, "there is no spend limit in EUR"),
    ],
)  # fmt: skip
def test_a_plan_that_cannot_be_sold_is_refused(
    listed: Listed, changes: dict[str, object], words: str
) -> None:
    listed.plan(**changes)
    assert any(words in problem for problem in says()), says()


def test_a_plan_in_fewer_currencies_than_the_others_is_refused(listed: Listed) -> None:
    cheap = Plan(key="cheap", name="Cheap", summary="", prices={"month": 5_00})
    listed.set("PLANS", (FREE, cheap, PAID))
    assert says() == ["Cheap: there is no price in EUR"]
    listed.set("PLANS", (FREE, replace(cheap, for_sale=False), PAID))
    assert says() == []


def test_everybody_must_be_able_to_start(listed: Listed) -> None:
    listed.set("PLANS", (PAID, FREE))
    assert says() == [
        "the first plan must be free and for sale: it is where everybody starts"
    ]  # fmt: skip


def test_two_prices_under_one_key_are_refused(listed: Listed) -> None:
    other = replace(PAID, key="paid_month", name="Other", prices={"month": {"usd": 1, "eur": 1}})
    listed.set("PLANS", (FREE, PAID, other))
    assert says() == []
    listed.set("ADD_ONS", (replace(MORE, key="paid"),))
    assert 'there are 2 of the price "paid_month"' in says()


@pytest.mark.parametrize(
    ("coupon", "words"),
    [
        (replace(HALF, percent=None), "either percent or amounts"),
        (replace(HALF, percent=101), "at most 100"),
        (Coupon(key="c", name="", amounts={"usd": 5}), "there is no amount in EUR"),
        (replace(HALF, duration="repeating"), "months are said of what is repeating"),
        (replace(HALF, months=3), "months are said of what is repeating"),
        (replace(HALF, plans={"gone"}), 'no plan "gone"'),
    ],
)
def test_a_coupon_that_takes_off_nothing_clear_is_refused(
    listed: Listed, coupon: Coupon, words: str
) -> None:
    listed.set("COUPONS", (coupon,))
    assert any(words in problem for problem in says()), says()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (replace(CODE, coupon="gone"), 'no coupon "gone"'),
        (replace(CODE, code="no spaces"), "letters, digits and dashes"),
        (replace(CODE, expires=datetime(2027, 1, 1)), "needs a time zone"),
        (replace(CODE, most=0), "used once at least"),
    ],
)
def test_a_code_that_leads_nowhere_is_refused(
    listed: Listed, code: PromotionCode, words: str
) -> None:
    listed.set("COUPONS", (HALF,))
    listed.set("PROMOTION_CODES", (code,))
    assert any(words in problem for problem in says()), says()


def test_the_same_code_in_other_letters_is_the_same(listed: Listed) -> None:
    listed.set("COUPONS", (HALF,))
    listed.set("PROMOTION_CODES", (CODE, replace(CODE, code="half")))
    assert says() == ['there are 2 of the promotion code "half"']


def test_an_add_on_brings_something(listed: Listed) -> None:
    listed.set("ADD_ONS", (replace(MORE, adds={}),))
    assert says() == ["add-on more: it brings nothing"]


def test_a_feature_stands_once(listed: Listed) -> None:
    listed.set("FEATURES", (Feature("a", "A"), Feature("a", "B")))
    assert says() == ['there are 2 of the feature "a"']


def test_the_products_own_catalogue_is_right() -> None:
    assert says() == []
    assert catalogue.currencies()[:2] == ["usd", "eur"]
