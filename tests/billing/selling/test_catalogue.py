"""The price list: at Stripe, on the website, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module

import httpx
import pytest
import stripe as sdk
from django.conf import settings

from billing import catalogue, checks, entitlements
from billing.models import Subscription
from billing.selling import discounts, prices, pricing, pushing
from billing.subscriptions import telling
from cms import slots
from metering import Limit, UsagePrice
from metering.models import Quota
from metering.quotas import limits
from metering.wording import money
from tests.billing.conftest import Shop


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch, stripe: sdk.StripeClient) -> Iterator[list[object]]:
    """The catalogue as a list that a test may edit, as an adopter edits theirs."""
    edited = list(catalogue.plans())
    monkeypatch.setattr(import_module(f"{settings.PRODUCT_APP}.catalogue"), "PLANS", edited)
    yield edited
    monkeypatch.undo()
    pushing.push()


def test_a_second_push_changes_nothing(stripe: sdk.StripeClient) -> None:
    assert pushing.push() == []


def test_every_plan_can_be_found_by_its_lookup_key(stripe: sdk.StripeClient) -> None:
    price = prices.find(catalogue.plan("pro"), "year")
    assert (price.unit_amount, price.currency, price.recurring.interval) == (290_00, "usd", "year")


def test_another_amount_is_a_new_price_under_the_same_key(plans: list[catalogue.Plan]) -> None:
    old = prices.find(plans[1], "month")
    plans[1] = replace(plans[1], prices={"month": 35_00, "year": 290_00})
    assert pushing.push() == ["price pro_month is 3500 usd"]
    new = prices.find(plans[1], "month")
    assert (new.id != old.id, new.unit_amount) == (True, 35_00)
    assert pushing.push() == []


def test_a_plan_that_leaves_the_catalogue_is_archived(
    plans: list[catalogue.Plan], stripe: sdk.StripeClient
) -> None:
    business = plans.pop()
    assert pushing.push() == ["product plg_business archived"]
    assert stripe.v1.products.retrieve("plg_business").active is False
    with pytest.raises(prices.NotForSale):
        prices.find(business, "month")
    plans.append(business)
    pushing.push()
    assert prices.find(business, "month").unit_amount == 99_00


def test_a_changed_limit_reaches_the_workspaces_on_that_plan(
    shop: Shop, plans: list[catalogue.Plan]
) -> None:
    assert entitlements.refresh() == 0
    plans[0] = replace(plans[0], limits={**plans[0].limits, "links": Limit(25)})
    assert entitlements.refresh() > 0
    assert shop.limit("links") == 25


def test_the_website_gets_the_plans_in_words() -> None:
    free, pro, team, business = slots.get("pricing")()
    assert (free.is_free, pro.highlighted, business.prices["month"]) == (True, True, 99_00)
    assert "10 links" in free.limits_in_words
    assert "100,000 clicks a month, then $1.00 per 10,000 clicks" in pro.limits_in_words
    assert "1,000 clicks a month" in free.limits_in_words
    assert "10 GB of storage" in pro.limits_in_words
    assert "1,000 API calls a month" in free.limits_in_words
    assert (pro.also["month"], pro.trial_days) == ("€27", 14)
    assert (team.per_seat, team.prices["month"]) == (True, 12_00)
    assert "1 seat for each seat" not in team.limits_in_words
    assert any(
        words.startswith("25,000 clicks a month for each seat, then")
        for words in team.limits_in_words
    )


@pytest.mark.parametrize(
    ("meter", "limit", "words"),
    [
        ("clicks", Limit(1, price=UsagePrice(1)), "lets nothing through"),
        ("clicks", Limit(None, hard=False, price=UsagePrice(1)), "that there is not"),
        ("teapots", Limit(1), "no meter"),
    ],
)
def test_a_price_that_could_not_be_billed_is_found_at_start_up(
    plans: list[catalogue.Plan], meter: str, limit: Limit, words: str
) -> None:
    assert checks.check_catalogue() == []
    plans[1] = replace(plans[1], limits={meter: limit})
    assert any(words in problem.msg for problem in checks.check_catalogue())


def test_a_changed_usage_price_reaches_the_workspaces_on_that_plan(
    shop: Shop, plans: list[catalogue.Plan]
) -> None:
    priced = Limit(1_000, hard=False, price=UsagePrice(5, per=100))
    plans[0] = replace(plans[0], limits={**plans[0].limits, "clicks": priced})
    assert entitlements.refresh() > 0
    assert limits.of(shop.tenant)["clicks"] == priced
    assert Quota.objects.get(tenant=shop.tenant, meter="clicks").currency == "usd"
    assert entitlements.refresh() == 0


def test_the_page_of_stripe_says_what_usage_costs(shop: Shop) -> None:
    page = httpx.get(shop.start_checkout("pro")).text
    words = "100,000 clicks a month are included, then $1.00 per 10,000 clicks"
    assert words in page


def test_a_meter_without_a_limit_is_unlimited() -> None:
    plan = replace(catalogue.plan("pro"), limits={})
    assert "Unlimited links" in pricing.limits_in_words(plan)


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        (129_000, "usd", "$1,290.00"),
        (5, "eur", "€0.05"),
        (-1_50, "gbp", "\N{MINUS SIGN}£1.50"),
        (500, "jpy", "¥500"),
        (1_234_50, "sek", "1,234.50 SEK"),
    ],
)
def test_money_is_written_as_people_read_it(amount: int, currency: str, words: str) -> None:
    assert money.in_words(amount, currency) == words


def test_whole_amounts_can_be_written_short() -> None:
    assert money.in_words(29_00, "usd", short=True) == "$29"
    assert money.in_words(29_50, "usd", short=True) == "$29.50"


def test_a_coupon_that_is_called_otherwise_stays_the_same_one(
    stripe: sdk.StripeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = import_module(f"{settings.PRODUCT_APP}.catalogue")
    coupon = catalogue.Coupon(key="renamed", name="Spring", percent=10, duration="forever")
    monkeypatch.setattr(module, "COUPONS", [coupon], raising=False)
    id = discounts.coupon_id(coupon)
    assert f"coupon {id} created" in [str(each) for each in pushing.push()]
    monkeypatch.setattr(module, "COUPONS", [replace(coupon, name="Summer")])
    assert f"coupon {id} renamed to Summer" in [str(each) for each in pushing.push()]
    assert stripe.v1.coupons.retrieve(id).name == "Summer"
    assert not [each for each in pushing.push() if id in str(each)]


def test_a_new_name_of_a_discount_is_no_new_discount() -> None:
    def row(*given: dict[str, str]) -> Subscription:
        return Subscription(discounts=list(given))

    was = row({"id": "di_1", "name": "Spring"})
    assert telling._new_discounts(was, row({"id": "di_1", "name": "Summer"})) == []
    assert telling._new_discounts(was, row({"id": "di_2", "name": "Summer"})) == ["Summer"]
    assert (
        telling._new_discounts(row({"name": "Spring"}), row({"id": "di_1", "name": "Spring"})) == []
    )
