"""Worked examples with known answers: of Stripe's documentation and support, and real invoices."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Opener, amounts, at, item_of


def test_ten_to_twenty_dollars_half_way(books: Opener) -> None:
    here = books("2027-04-01")
    made = here.subscribe(here.price(1000))
    here.pass_until("2027-04-16")
    change = {
        "items": [{"id": item_of(made).id, "price": here.price(2000).id}],
        "proration_behavior": "always_invoice",
        "proration_date": at("2027-04-16"),
    }
    shown = here.api.invoices.create_preview(
        {"subscription": made.id, "subscription_details": change}
    )
    assert amounts(shown) == [-500, 1000]
    changed = here.api.subscriptions.update(made.id, {**change, "expand": ["latest_invoice"]})
    assert amounts(changed.latest_invoice) == [-500, 1000]
    assert changed.latest_invoice.total == shown.total == 500


def test_the_preview_of_a_change_to_the_second(books: Opener) -> None:
    here = books(1596749288)
    made = here.subscribe(here.price(1000))
    assert item_of(made).current_period_end == 1599427688
    here.pass_until(1598982148)
    shown = here.api.invoices.create_preview(
        {
            "subscription": made.id,
            "subscription_details": {
                "items": [{"id": item_of(made).id, "price": here.price(3252).id}],
                "proration_date": 1598982148,
            },
        }
    )
    assert amounts(shown) == [-166, 541, 3252]
    assert shown.total == 3627


@pytest.mark.parametrize(("mode", "total"), [("flexible", 0), ("classic", -334)])
def test_back_after_a_change_that_was_not_prorated(books: Opener, mode: str, total: int) -> None:
    here = books("2027-04-01")
    ten, twenty = here.price(1000), here.price(2000)
    made = here.subscribe(ten, billing_mode={"type": mode})
    id = item_of(made).id
    here.pass_until("2027-04-11")
    here.api.subscriptions.update(
        made.id, {"items": [{"id": id, "price": twenty.id}], "proration_behavior": "none"}
    )
    here.pass_until("2027-04-21")
    back = here.api.subscriptions.update(
        made.id,
        {
            "items": [{"id": id, "price": ten.id}],
            "proration_behavior": "always_invoice",
            "proration_date": at("2027-04-21"),
            "expand": ["latest_invoice"],
        },
    )
    assert back.latest_invoice.total == total


def test_a_coupon_over_two_items_and_one_of_them_deleted_half_way(books: Opener) -> None:
    here = books("2027-04-01")
    coupon = here.api.coupons.create({"amount_off": 500, "currency": "usd", "duration": "forever"})
    ten = here.price(1000)
    made = here.subscribe(
        ten, here.price(2000), discounts=[{"coupon": coupon.id}], billing_mode={"type": "flexible"}
    )
    first = here.invoices(made)[0]
    cuts = {line.amount: [one.amount for one in line.discount_amounts] for line in first.lines.data}
    assert cuts == {1000: [166], 2000: [334]}
    assert first.total == 2500
    here.pass_until("2027-04-16")
    held = {str(item.price.id): item.id for item in made["items"].data}
    changed = here.api.subscriptions.update(
        made.id,
        {
            "items": [{"id": held[ten.id], "deleted": True}],
            "proration_behavior": "always_invoice",
            "proration_date": at("2027-04-16"),
            "expand": ["latest_invoice"],
        },
    )
    assert amounts(changed.latest_invoice) == [-417]


def test_the_next_bill_after_a_change_in_mid_month(books: Opener) -> None:
    here = books("2027-05-01")
    made = here.subscribe(here.price(1000))
    middle = (item_of(made).current_period_start + item_of(made).current_period_end) // 2
    here.pass_until(middle)
    change: dict[str, Any] = {
        "items": [{"id": item_of(made).id, "price": here.price(2000).id}],
        "proration_date": middle,
    }
    shown = here.api.invoices.create_preview(
        {"subscription": made.id, "subscription_details": change}
    )
    here.api.subscriptions.update(made.id, change)
    here.pass_until("2027-06-01")
    assert here.totals(made) == [1000, 2500]
    assert shown.total == 2500
    assert amounts(shown) == amounts(here.invoices(made)[-1])


@pytest.mark.parametrize(
    ("old", "new", "used", "lines"),
    [
        (999, 2999, 0.0003, [-999, 2998]),
        (1000, 3000, 0.0017, [-998, 2995]),
    ],
)
def test_real_invoices_of_an_upgrade_soon_after_the_start(
    books: Opener, old: int, new: int, used: float, lines: list[int]
) -> None:
    here = books("2027-04-01")
    made = here.subscribe(here.price(old))
    moment = at("2027-04-01") + round(30 * 24 * 3600 * used)
    here.pass_until(moment)
    changed = here.api.subscriptions.update(
        made.id,
        {
            "items": [{"id": item_of(made).id, "price": here.price(new).id}],
            "proration_behavior": "always_invoice",
            "proration_date": moment,
            "expand": ["latest_invoice"],
        },
    )
    assert amounts(changed.latest_invoice) == lines
