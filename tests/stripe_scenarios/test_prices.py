"""What prices come to: tiers at each edge, packages, other currencies, taxes, features."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from .conftest import Books, Opener, at

TIERS = [
    {"up_to": 5, "unit_amount": 700, "flat_amount": 0},
    {"up_to": 10, "unit_amount": 650},
    {"up_to": "inf", "unit_amount_decimal": "600.5", "flat_amount": 1000},
]


def bill(here: Books, price: stripe.Price, quantity: int, **extra: Any) -> int:
    made = here.api.subscriptions.create(
        {
            "customer": extra.pop("customer", None) or here.customer(),
            "items": [{"price": price.id, "quantity": quantity}],
            **extra,
        }
    )
    return int(here.totals(made)[0])


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("graduated", {5: 3500, 6: 4150, 10: 6750}),
        ("volume", {5: 3500, 6: 3900, 10: 6500}),
        ("graduated", {11: 8351}),
        ("volume", {11: 7606}),
    ],
)
def test_tiers_at_their_edges(books: Opener, mode: str, expected: dict[int, int]) -> None:
    here = books("2027-04-01")
    price = here.price(billing_scheme="tiered", tiers_mode=mode, tiers=TIERS)
    assert {quantity: bill(here, price, quantity) for quantity in expected} == expected


@pytest.mark.parametrize(("round_", "total"), [("up", 3000), ("down", 2000)])
def test_packages_are_counted_whole(books: Opener, round_: str, total: int) -> None:
    here = books("2027-04-01")
    price = here.price(1000, transform_quantity={"divide_by": 10, "round": round_})
    assert bill(here, price, 25) == total


def test_a_customer_stays_in_one_currency(books: Opener) -> None:
    here = books("2027-04-01")
    price = here.price(1000, currency_options={"eur": {"unit_amount": 900}})
    customer = here.customer()
    assert bill(here, price, 2, customer=customer, currency="eur") == 1800
    only_dollars = here.price(1000)
    with pytest.raises(stripe.InvalidRequestError):
        bill(here, only_dollars, 1, customer=customer, currency="eur")


def test_tax_on_top_and_inside(books: Opener) -> None:
    here = books("2027-04-01")
    price = here.price(1000)

    def rate(inclusive: bool) -> str:
        made = here.api.tax_rates.create(
            {"display_name": "VAT", "percentage": 19, "inclusive": inclusive}
        )
        return str(made.id)

    assert bill(here, price, 1, default_tax_rates=[rate(False)]) == 1190
    assert bill(here, price, 1, default_tax_rates=[rate(True)]) == 1000
    exempt = here.customer(tax_exempt="exempt")
    assert bill(here, price, 1, customer=exempt, default_tax_rates=[rate(False)]) == 1000


def test_features_come_and_go_with_the_subscription(books: Opener) -> None:
    here = books("2027-04-01")
    feature = here.api.entitlements.features.create(
        {"name": "Exports", "lookup_key": f"exports-{here.clock}"}
    )
    price = here.price(1000)
    here.api.products.features.create(str(price.product), {"entitlement_feature": feature.id})
    made = here.subscribe(price)
    active = here.api.entitlements.active_entitlements
    found = active.list({"customer": str(made.customer)}).data
    assert [one.lookup_key for one in found] == [feature.lookup_key]
    here.pass_until(at("2027-04-02"))
    here.api.subscriptions.cancel(made.id)
    assert active.list({"customer": str(made.customer)}).data == []
