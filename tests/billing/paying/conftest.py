"""A workspace whose customer lives in the time of a test clock: renewals come when a test says so."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import pytest
import stripe as sdk
from django.conf import settings

from billing import upkeep
from billing.models import Account, Subscription
from billing.webhooks import inbox
from outbound.models import Message
from tests.billing.conftest import Shop

DAY = 24 * 3600
FAILS, ASKS, VISA = (
    "pm_card_chargeCustomerFail",
    "pm_card_authenticationRequired",
    "pm_card_visa",
)


def sells(monkeypatch: pytest.MonkeyPatch, **lists: object) -> None:
    """The product's catalogue says this, too: COUPONS, RULES."""
    catalogue = import_module(f"{settings.PRODUCT_APP}.catalogue")
    for name, value in lists.items():
        monkeypatch.setattr(catalogue, name, value, raising=False)


@dataclass
class Clocked:
    """A shop in the time of a clock, and what Stripe told of it."""

    shop: Shop
    stripe: sdk.StripeClient
    clock: str
    heard: set[str] = field(default_factory=set)

    @property
    def account(self) -> Account:
        return self.shop.account

    @property
    def row(self) -> Subscription:
        return Subscription.objects.get(stripe_id=self.account.subscription_id)

    def give_card(self, token: str) -> str:
        """Save a card, and let it pay, as at Stripe."""
        customer = self.shop.customer
        method = self.stripe.v1.payment_methods.attach(token, {"customer": customer})
        self.stripe.v1.customers.update(
            customer, {"invoice_settings": {"default_payment_method": method.id}}
        )
        if (bought := self.account.subscription_id) is not None:
            self.stripe.v1.subscriptions.update(bought, {"default_payment_method": method.id})
        return str(method.id)

    def now(self) -> int:
        clocks = self.stripe.v1.test_helpers.test_clocks
        return int(clocks.retrieve(self.clock).frozen_time)

    def pass_until(self, moment: float, *, hear: bool = True) -> None:
        """Let time pass; then Stripe's news come, unless they are lost."""
        clocks = self.stripe.v1.test_helpers.test_clocks
        clocks.advance(self.clock, {"frozen_time": int(moment)})
        while clocks.retrieve(self.clock).status != "ready":
            time.sleep(0.05)
        if hear:
            self.hear()

    def pass_days(self, days: float, *, hear: bool = True) -> None:
        self.pass_until(self.now() + days * DAY, hear=hear)

    def until_renewal(self, *, hear: bool = True) -> None:
        """Two hours past the end of the period."""
        self.pass_until(self.row.period_end.timestamp() + 7200, hear=hear)

    def hear(self) -> None:
        """Take all news that were not heard yet, in any order."""
        told = self.stripe.v1.events.list({"limit": 100}).data
        for event in told:
            thing: Any = event.data.object
            mine = self.shop.customer in (thing.get("customer"), thing.get("id"))
            if mine and event.id not in self.heard:
                self.heard.add(event.id)
                inbox.store(event.to_dict())
        upkeep.work_off_inbox()

    def invoices(self) -> list[sdk.Invoice]:
        """Oldest first."""
        listed = self.stripe.v1.invoices.list({"customer": self.shop.customer, "limit": 100})
        return sorted(listed.data, key=lambda one: (one.created, one.number or ""))

    def mails(self) -> dict[str, int]:
        """How many mails of each kind about money were written."""
        about = "billing."
        kinds = Message.objects.filter(tenant_id=self.shop.tenant.pk, channel="mail")
        found: dict[str, int] = {}
        for kind in kinds.values_list("kind", flat=True):
            if kind.startswith(about):
                found[kind.removeprefix(about)] = found.get(kind.removeprefix(about), 0) + 1
        return found


@pytest.fixture
def clocked(shop: Shop, stripe: sdk.StripeClient) -> Clocked:
    """Not on a plan yet; its customer is on a clock that stands at this moment."""
    clock = stripe.v1.test_helpers.test_clocks.create({"frozen_time": int(time.time())})
    customer = stripe.v1.customers.create(
        {
            "email": "owner@acme.example",
            "test_clock": clock.id,
            "metadata": {"tenant": str(shop.tenant.pk)},
        }
    )
    Account.objects.of(shop.tenant)
    Account.objects.filter(tenant=shop.tenant).update(stripe_customer_id=customer.id)
    return Clocked(shop, stripe, clock.id)


@pytest.fixture
def subscribed(clocked: Clocked) -> Clocked:
    """On Pro, paid."""
    clocked.shop.buy("pro")
    clocked.hear()
    return clocked


@pytest.fixture
def failing(subscribed: Clocked) -> Clocked:
    """Its first renewal was declined two hours ago."""
    subscribed.give_card(FAILS)
    subscribed.until_renewal()
    return subscribed
