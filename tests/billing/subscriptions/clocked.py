"""A workspace whose customer at Stripe lives by a test clock: its months pass when a test says so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import stripe as sdk

from billing.models import Account, Subscription
from billing.subscriptions import subscription
from tests.billing.conftest import Shop
from tests.billing.simulated import pay

HOUR = 3600


@dataclass
class Clocked:
    """A shop and its clock; `buy` pays with a card on Stripe's page."""

    shop: Shop
    stripe: sdk.StripeClient
    clock: str

    @property
    def id(self) -> str:
        return self.shop.account.subscription_id or ""

    @property
    def row(self) -> Subscription:
        return Subscription.objects.get(stripe_id=self.id)

    def buy(self, plan: str = "pro", **choice: object) -> Clocked:
        form = {"plan": plan, "interval": "month", **choice}
        answer = self.shop.owner.post("/billing/checkout/", form)
        assert answer.status_code == 303, answer.content.decode()
        back = pay(answer["Location"])
        self.shop.owner.get(back[back.index("/billing") :])
        return self

    def now(self) -> int:
        return self.stripe.v1.test_helpers.test_clocks.retrieve(self.clock).frozen_time

    def pass_until(self, moment: datetime | int) -> None:
        """Let the time of Stripe go on, and hear of it."""
        to = moment if isinstance(moment, int) else int(moment.timestamp())
        clocks = self.stripe.v1.test_helpers.test_clocks
        if to > self.now():
            clocks.advance(self.clock, {"frozen_time": to})
        subscription.sync(self.shop.account, origin=Account.Origin.EVENT)

    def pass_part(self, part: float) -> int:
        """Go on to a part of the running period; the instant."""
        start, end = self.row.period_start, self.row.period_end
        at = int((start + (end - start) * part).timestamp())
        self.pass_until(at)
        return at

    def renew(self) -> None:
        """Go on into the next period, until its invoice is paid."""
        self.pass_until(int(self.row.period_end.timestamp()) + 2 * HOUR)

    def totals(self) -> list[int]:
        """Of the invoices for the plan, the oldest first."""
        listed = self.stripe.v1.invoices.list({"customer": self.shop.customer, "limit": 100}).data
        return [each.total for each in reversed(listed)]

    def part(self, amount: int, at: int) -> int:
        """The part of an amount that falls on the rest of the running period, rounded half up."""
        start, end = (
            int(each.timestamp()) for each in (self.row.period_start, self.row.period_end)
        )
        return (2 * amount * (end - at) + (end - start)) // (2 * (end - start))

    def card(self, token: str) -> None:
        """Pay with this test card from now on."""
        method = self.stripe.v1.payment_methods.attach(token, {"customer": self.shop.customer})
        self.stripe.v1.subscriptions.update(self.id, {"default_payment_method": method.id})
        subscription.sync(self.shop.account, origin=Account.Origin.EVENT)


def clocked(shop: Shop, stripe: sdk.StripeClient, *, begins: datetime | None = None) -> Clocked:
    """The shop, with a customer in a test clock that begins then (or now)."""
    begins = begins or datetime.now(UTC)
    clock = stripe.v1.test_helpers.test_clocks.create({"frozen_time": int(begins.timestamp())})
    customer = stripe.v1.customers.create(
        {
            "test_clock": clock.id,
            "email": "a@b.example",
            "metadata": {"tenant": str(shop.tenant.pk)},
        }
    )
    Account.objects.filter(tenant=shop.tenant).update(stripe_customer_id=customer.id)
    return Clocked(shop, stripe, clock.id)


def due(page: str, words: str = "You pay now") -> int:
    """What a page of a change says is paid, in cents; of a next invoice with "You pay then"."""
    found = re.search(
        rf"<strong>{words}</strong>.*?<strong>(-?)[$€]([\d,]+)\.(\d\d)</strong>", page, re.S
    )
    assert found, page
    return int(found[2].replace(",", "") + found[3]) * (-1 if found[1] else 1)


DAY = timedelta(days=1)
