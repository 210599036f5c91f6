"""The same scenarios against the simulator and, on request, against Stripe's own test mode.

`bin/test --stripe-live` asks Stripe, with the key in STRIPE_TEST_KEY; without it the simulator
answers. Time passes by test clocks in both.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from tests.stripe_simulator.conftest import World, simulator, world  # noqa: F401 (fixtures)

LIVE = os.environ.get("STRIPE_SCENARIOS") == "live"
_PATIENCE = 180.0


def at(text: str) -> int:
    """`at("2027-05-01")`: that midnight in UTC, in seconds since 1970."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@dataclass
class Books:
    """A test clock of one scenario, and what is done in its time."""

    client: stripe.StripeClient
    clock: str

    @property
    def api(self) -> Any:
        return self.client.v1

    def price(self, amount: int = 1000, **extra: Any) -> stripe.Price:
        """A monthly price in dollars of a new product, unless told otherwise."""
        params: dict[str, Any] = {
            "currency": "usd",
            "product_data": {"name": f"Plan at {amount}"},
            "recurring": {"interval": "month"},
        }
        if "tiers" not in extra:
            params["unit_amount"] = amount
        made: stripe.Price = self.api.prices.create(params | extra)
        return made

    def customer(self, card: str | None = "pm_card_visa", **extra: Any) -> str:
        made = self.api.customers.create(
            {"email": "ada@example.com", "test_clock": self.clock, **extra}
        )
        if card is not None:
            self.give_card(made.id, card)
        return str(made.id)

    def give_card(self, customer: str, card: str) -> str:
        method = self.api.payment_methods.attach(card, {"customer": customer})
        settings = {"default_payment_method": method.id}
        self.api.customers.update(customer, {"invoice_settings": settings})
        return str(method.id)

    def subscribe(
        self, *prices: stripe.Price, customer: str | None = None, **extra: Any
    ) -> stripe.Subscription:
        items = [{"price": price.id} for price in prices]
        made: stripe.Subscription = self.api.subscriptions.create(
            {"customer": customer or self.customer(), "items": items, **extra}
        )
        return made

    def fresh(self, subscription: stripe.Subscription) -> stripe.Subscription:
        found: stripe.Subscription = self.api.subscriptions.retrieve(subscription.id)
        return found

    def invoices(self, subscription: stripe.Subscription) -> list[stripe.Invoice]:
        """Oldest first."""
        listed = self.api.invoices.list({"subscription": subscription.id, "limit": 100})
        return list(reversed(listed.data))

    def totals(self, subscription: stripe.Subscription) -> list[int]:
        return [invoice.total for invoice in self.invoices(subscription)]

    def pass_until(self, moment: int | str) -> None:
        """Advance the clock and wait until it is ready; a moment as text is a date."""
        to = at(moment) if isinstance(moment, str) else moment
        clocks, end = self.api.test_helpers.test_clocks, time.monotonic() + _PATIENCE
        clocks.advance(self.clock, {"frozen_time": to})
        while clocks.retrieve(self.clock).status != "ready":
            assert time.monotonic() < end, "the test clock did not get there"
            time.sleep(1)

    def now(self) -> int:
        found: int = self.api.test_helpers.test_clocks.retrieve(self.clock).frozen_time
        return found


class Opener:
    """`open("2027-05-01")`: books that begin on that day."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self._client = client
        self.opened: list[str] = []

    def __call__(self, moment: int | str) -> Books:
        frozen = at(moment) if isinstance(moment, str) else moment
        made = self._client.v1.test_helpers.test_clocks.create({"frozen_time": frozen})
        self.opened.append(made.id)
        return Books(self._client, made.id)


if LIVE:

    @pytest.fixture
    def books() -> Any:
        key = os.environ["STRIPE_TEST_KEY"]
        assert key.startswith(("sk_test_", "rk_test_")), "STRIPE_TEST_KEY is not a test key"
        opener = Opener(stripe.StripeClient(key, max_network_retries=2))
        yield opener
        for clock in opener.opened:
            opener._client.v1.test_helpers.test_clocks.delete(clock)
else:

    @pytest.fixture
    def books(world: World) -> Opener:
        return Opener(world.client)


def item_of(subscription: stripe.Subscription, position: int = 0) -> stripe.SubscriptionItem:
    item: stripe.SubscriptionItem = subscription["items"].data[position]
    return item


def amounts(invoice: stripe.Invoice) -> list[int]:
    return [line.amount for line in invoice.lines.data]
