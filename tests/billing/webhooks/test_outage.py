"""Stripe cannot be reached: words, and nothing lost."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from billing import upkeep
from tests.billing.conftest import Shop


@pytest.fixture
def unreachable(settings: SimpleNamespace, simulator: object) -> object:
    """Call it, and Stripe is gone; call what it returns, and it is back."""

    def take_away() -> object:
        settings.STRIPE_API_HOST = "http://127.0.0.1:9"  # the discard port: nobody listens
        return lambda: setattr(settings, "STRIPE_API_HOST", simulator.url)  # type: ignore[attr-defined]

    return take_away


def test_checkout_says_that_stripe_cannot_be_reached(shop: Shop, unreachable: object) -> None:
    unreachable()  # type: ignore[operator]
    answer = shop.owner.post("/billing/checkout/", {"plan": "pro", "interval": "month"})
    assert answer.status_code == 503
    assert "We cannot reach our payment provider" in answer.content.decode()


def test_a_return_during_an_outage_is_made_good_later(shop: Shop, unreachable: object) -> None:
    back = shop.pay("pro")
    come_back = unreachable()  # type: ignore[operator]
    answer = shop.owner.get(back)
    assert answer.status_code == 503
    assert "Try again" in answer.content.decode()
    assert upkeep.ask_stripe() == 1
    assert shop.account.plan_key == "free"
    come_back()
    shop.owner.get(back)
    assert shop.account.plan_key == "pro"


def test_the_billing_page_does_not_need_stripe(shop: Shop, unreachable: object) -> None:
    shop.buy("pro")
    unreachable()  # type: ignore[operator]
    page = shop.page()
    assert "Renews on" in page
    assert "$29.00" in page
