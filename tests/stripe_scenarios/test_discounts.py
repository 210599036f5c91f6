"""Coupons and promotion codes: how long they last, on what they count, who may use them."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from .conftest import Books, Opener, amounts, at, item_of


def coupon(here: Books, **params: Any) -> str:
    return str(here.api.coupons.create(params).id)


@pytest.mark.parametrize(
    ("duration", "totals"),
    [
        ({"duration": "once"}, [800, 1000, 1000, 1000]),
        ({"duration": "repeating", "duration_in_months": 2}, [800, 800, 1000, 1000]),
        ({"duration": "forever"}, [800, 800, 800, 800]),
    ],
)
def test_a_coupon_lasts_as_long_as_it_says(
    books: Opener, duration: dict[str, Any], totals: list[int]
) -> None:
    here = books("2027-04-01")
    off = coupon(here, percent_off=20, **duration)
    made = here.subscribe(here.price(1000), discounts=[{"coupon": off}])
    for month in ("2027-05-01", "2027-06-01", "2027-07-01"):
        here.pass_until(month)
    assert here.totals(made) == totals


@pytest.mark.parametrize("duration", ["once", "forever"])
def test_a_coupon_across_a_change(books: Opener, duration: str) -> None:
    here = books("2027-04-01")
    off = coupon(here, percent_off=20, duration=duration)
    made = here.subscribe(here.price(1000), discounts=[{"coupon": off}])
    here.pass_until("2027-04-16")
    change = {
        "items": [{"id": item_of(made).id, "price": here.price(2000).id}],
        "proration_behavior": "always_invoice",
        "proration_date": at("2027-04-16"),
    }
    shown = here.api.invoices.create_preview(
        {"subscription": made.id, "subscription_details": change}
    )
    changed = here.api.subscriptions.update(made.id, {**change, "expand": ["latest_invoice"]})
    kept = duration == "forever"
    assert amounts(changed.latest_invoice) == [-400, 800 if kept else 1000]
    assert shown.total == changed.latest_invoice.total
    here.pass_until("2027-05-01")
    assert here.totals(made)[-1] == (1600 if kept else 2000)


def test_a_coupon_for_one_product_leaves_the_other_alone(books: Opener) -> None:
    here = books("2027-04-01")
    ten, twenty = here.price(1000), here.price(2000)
    off = coupon(here, percent_off=50, duration="once", applies_to={"products": [str(ten.product)]})
    made = here.subscribe(ten, twenty, discounts=[{"coupon": off}])
    assert here.totals(made) == [2500]


def test_a_promotion_code_has_its_conditions(books: Opener) -> None:
    here = books("2027-04-01")
    off = coupon(here, percent_off=10, duration="once")

    def code(**params: Any) -> str:
        promotion = {"type": "coupon", "coupon": off}
        made = here.api.promotion_codes.create({"promotion": promotion, **params})
        return str(made.id)

    price = here.price(1000)
    fits = code(code="WELCOME10", max_redemptions=1)
    assert here.api.promotion_codes.list({"code": "welcome10"}).data[0].id == fits
    made = here.subscribe(price, discounts=[{"promotion_code": fits}])
    assert here.totals(made) == [900]
    assert not here.api.promotion_codes.retrieve(fits).active
    minimum = {"minimum_amount": 5000, "minimum_amount_currency": "usd"}
    refused = [
        fits,
        code(restrictions=minimum),
        code(restrictions={"first_time_transaction": True}),
        code(active=False),
    ]
    for one in refused:
        with pytest.raises(stripe.InvalidRequestError):
            here.subscribe(price, customer=str(made.customer), discounts=[{"promotion_code": one}])


def test_a_coupon_runs_out(books: Opener) -> None:
    here = books("2027-04-01")
    off = coupon(here, amount_off=300, currency="usd", duration="once", max_redemptions=1)
    here.subscribe(here.price(1000), discounts=[{"coupon": off}])
    assert not here.api.coupons.retrieve(off).valid
    with pytest.raises(stripe.InvalidRequestError) as refused:
        here.subscribe(here.price(1000), discounts=[{"coupon": off}])
    assert refused.value.code == "coupon_expired"


def test_a_discount_is_put_on_later_and_taken_off(books: Opener) -> None:
    here = books("2027-04-01")
    off = coupon(here, percent_off=25, duration="forever")
    made = here.subscribe(here.price(1000))
    given = here.api.subscriptions.update(
        made.id, {"discounts": [{"coupon": off}], "expand": ["discounts"]}
    )
    assert given.discounts[0].source.coupon == off
    here.pass_until("2027-05-01")
    assert here.api.subscriptions.update(made.id, {"discounts": ""}).discounts == []
    here.pass_until("2027-06-01")
    assert here.totals(made) == [1000, 750, 1000]


def test_an_invoice_of_the_apps_own_takes_a_coupon(books: Opener) -> None:
    here = books("2027-04-01")
    customer = here.customer()
    off = coupon(here, percent_off=10, duration="once")
    draft = here.api.invoices.create(
        {"customer": customer, "currency": "usd", "discounts": [{"coupon": off}]}
    )
    for amount in (333, 667):
        here.api.invoice_items.create(
            {"customer": customer, "invoice": draft.id, "amount": amount, "currency": "usd"}
        )
    opened = here.api.invoices.finalize_invoice(draft.id)
    assert (opened.subtotal, opened.total) == (1000, 900)


def test_a_preview_with_a_code_is_the_change_with_it(books: Opener) -> None:
    here = books("2027-04-01")
    made, dear = here.subscribe(here.price(1000)), here.price(3000)
    off = coupon(here, percent_off=20, duration="forever")
    here.pass_until("2027-04-16")
    change = {
        "items": [{"id": item_of(made).id, "price": dear.id}],
        "proration_behavior": "always_invoice",
        "proration_date": here.now(),
    }
    codes = {"discounts": [{"coupon": off}]}
    shown = here.api.invoices.create_preview(
        {"subscription": made.id, "subscription_details": change, **codes}
    )
    assert shown.total == 1200 - 500
    here.api.subscriptions.update(made.id, {**change, **codes})
    assert here.totals(made) == [1000, shown.total]


def test_a_code_that_has_ended_is_listed_by_its_text(books: Opener) -> None:
    here = books("2027-04-01")
    off = coupon(here, percent_off=20, duration="once")
    text = f"GONE{here.clock[-8:].upper()}"
    promotion = {"type": "coupon", "coupon": off}
    made = here.api.promotion_codes.create({"promotion": promotion, "code": text})
    here.api.promotion_codes.update(made.id, {"active": False})
    [listed] = here.api.promotion_codes.list({"code": text.lower()}).data
    assert (listed.id, listed.active) == (made.id, False)
    assert here.api.promotion_codes.list({"code": text, "active": True}).data == []
