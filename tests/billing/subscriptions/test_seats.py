"""A plan per seat, and another currency: bought, changed, and never fewer seats than people."""

from __future__ import annotations

import pytest
import stripe as sdk

from billing.models import Subscription
from metering import Tiers
from metering.quotas import limits
from tests.billing.conftest import Shop
from tests.billing.simulated import pay

GB = 1024**3


def buy(shop: Shop, **choice: object) -> None:
    answer = shop.owner.post("/billing/checkout/", {"interval": "month", **choice})
    assert answer.status_code == 303, answer.content.decode()
    back = pay(answer["Location"])
    shop.owner.get(back[back.index("/billing") :])


def row(shop: Shop) -> Subscription:
    return Subscription.objects.get(stripe_id=shop.account.subscription_id)


def totals(shop: Shop, stripe: sdk.StripeClient) -> list[int]:
    return [one.total for one in stripe.v1.invoices.list({"customer": shop.customer}).data]


def test_each_seat_brings_its_share(shop: Shop, stripe: sdk.StripeClient) -> None:
    buy(shop, plan="team", seats=5)
    assert (row(shop).quantity, row(shop).amount, totals(shop, stripe)) == (5, 12_00, [60_00])
    found = limits.of_plan(shop.tenant)
    assert [found[key].value for key in ("seats", "links", "clicks")] == [5, 2_000, 125_000]
    assert found["storage"].value == 25 * GB
    assert (found["storage"].cost(26 * GB), found["clicks"].cost(135_000)) == (10, 90)
    assert isinstance(found["clicks"].price, Tiers)
    page = shop.page()
    assert "$60 a month ($12 a seat)" in page
    assert "<dt>Seats</dt><dd>5</dd>" in page


def test_without_a_number_as_many_are_bought_as_there_are_people(
    shop: Shop, stripe: sdk.StripeClient
) -> None:
    buy(shop, plan="team")
    assert (row(shop).quantity, totals(shop, stripe)) == (2, [24_00])


@pytest.mark.parametrize(
    ("seats", "words"),
    [
        ("1", "2 people are in this workspace"),
        ("0", "2 people are in this workspace"),
        ("-5", "2 people are in this workspace"),
        ("10001", "2 to 10,000 seats"),
        ("five", "as a number"),
        ("1e3", "as a number"),
    ],
)
def test_seats_that_cannot_be_bought_are_refused_in_words(
    shop: Shop, seats: str, words: str
) -> None:
    choice = {"plan": "team", "interval": "month", "seats": seats}
    answer = shop.owner.post("/billing/checkout/", choice)
    assert (answer.status_code, words in answer.content.decode()) == (400, True)
    assert not shop.account.checkout_open


def test_seats_are_changed_and_the_limits_follow(shop: Shop, stripe: sdk.StripeClient) -> None:
    buy(shop, plan="team", seats=3)
    shop.change(plan="team", seats=8)
    assert (row(shop).quantity, shop.limit("seats")) == (8, 8)
    refused = shop.owner.get("/billing/change/?plan=team&interval=month&seats=1")
    assert refused.status_code == 400
    assert row(shop).quantity == 8


def test_other_seats_in_another_tab_close_the_first_checkout(shop: Shop) -> None:
    choice = {"plan": "team", "interval": "month"}
    first = shop.owner.post("/billing/checkout/", {**choice, "seats": "3"})["Location"]
    second = shop.owner.post("/billing/checkout/", {**choice, "seats": "4"})["Location"]
    assert first != second
    assert shop.owner.post("/billing/checkout/", {**choice, "seats": "4"})["Location"] == second


def test_the_currency_is_chosen_once_and_then_stays(shop: Shop, stripe: sdk.StripeClient) -> None:
    euros = shop.owner.get("/billing/?currency=eur").content.decode()
    assert "€27" in euros
    buy(shop, plan="pro", currency="eur")
    assert (shop.account.pays_in, row(shop).currency) == ("eur", "eur")
    assert totals(shop, stripe) == [27_00]
    assert limits.of_plan(shop.tenant)["clicks"].cost(110_000) == 95
    page = shop.owner.get("/billing/?currency=usd").content.decode()
    assert "€92" in page
    assert "$99" not in page
    shop.change(plan="business", currency="usd")
    assert (shop.account.plan_key, row(shop).currency, row(shop).amount) == (
        "business", "eur", 92_00,
    )  # fmt: skip


def test_a_currency_that_is_not_sold_is_refused(shop: Shop) -> None:
    choice = {"plan": "pro", "interval": "month", "currency": "xau"}
    assert shop.owner.post("/billing/checkout/", choice).status_code == 400
    assert "$29" in shop.owner.get("/billing/?currency=xau").content.decode()
