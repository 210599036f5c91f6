"""Whatever happens to a subscription, and whatever of it we hear, in whatever order and how often: once the
periodic check has run, our rows say what Stripe says, every cent was asked for once, and what the workspace
may do has its reason.
"""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe as sdk
from django.db import transaction
from django.db.models import F, Sum
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from billing import catalogue, entitlements, upkeep
from billing.models import ENTITLING, LIVE, Account, MrrMovement, Subscription
from billing.selling import prices, terms
from billing.subscriptions import subscription
from billing.webhooks import handling, inbox
from tests.billing.conftest import Shop
from tests.billing.laws.by_hand import Books

pytestmark = pytest.mark.thorough
DAY = 24 * 3600
OFF = 25  # percent of the coupon; every price divides by it
# The 29th, 30th and 31st, a leap day, the days around the ends of years, and an ordinary one.
STARTS = (
    "2027-01-29", "2027-01-30", "2027-01-31", "2028-02-29", "2027-12-31", "2028-01-31", "2027-03-14",
)  # fmt: skip
_CHOICES = st.tuples(
    st.sampled_from(["pro", "team", "business"]), st.sampled_from(["month", "year"]),
    st.integers(2, 9),
)  # fmt: skip
_ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(1, 45 * DAY)),
        st.tuples(
            st.just("to the end"), st.integers(-1, 1)
        ),  # the last second, the first, the next
        st.tuples(st.just("change"), _CHOICES),
        st.tuples(st.just("seats"), st.integers(2, 9)),
        st.tuples(st.just("cancel"), st.none()),
        st.tuples(st.just("resume"), st.none()),
    ),
    max_size=6,
)


@dataclass
class Life:
    """A workspace whose customer lives in a test clock's time, and the books that are kept by hand."""

    shop: Shop
    stripe: sdk.StripeClient
    currency: str
    coupon: bool
    clock: str = ""
    customer: str = ""
    id: str = ""
    now: int = 0
    books: Books | None = None
    choice: tuple[str, str, int] = ("pro", "month", 1)
    events: list[Any] = field(default_factory=list)

    def begin(self, day: str, choice: tuple[str, str, int]) -> None:
        api = self.stripe.v1
        self.now = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) + 36_000
        self.clock = api.test_helpers.test_clocks.create({"frozen_time": self.now}).id
        self.customer = api.customers.create({"test_clock": self.clock}).id
        card = api.payment_methods.attach("pm_card_visa", {"customer": self.customer}).id
        api.customers.update(self.customer, {"invoice_settings": {"default_payment_method": card}})
        mine = Account.objects.filter(tenant=self.shop.tenant)
        mine.update(stripe_customer_id=self.customer)
        more: Any = {}
        if self.coupon:
            made = api.coupons.create({"percent_off": OFF, "duration": "forever"})
            more["discounts"] = [{"coupon": made.id}]
        self.choice = self._counted(choice)
        plan = catalogue.plan(self.choice[0])
        made = api.subscriptions.create({
            "customer": self.customer,
            "items": [{"price": self._price(), "quantity": self.choice[2]}],
            "metadata": {terms.METADATA: terms.current(plan).digest},
            **more,
        })  # fmt: skip
        self.id = made.id
        self.books = Books(self.now, self._amount(), self._months())

    def act(self, what: str, how: Any) -> None:
        assert self.books is not None
        if what == "wait":
            self.wait(self.now + how)
        elif what == "to the end" and not self.books.is_over:
            while self.books.end + how - self.now > 40 * DAY and not self.books.is_over:
                self.wait(self.now + 40 * DAY)  # a clock goes no further at once
            if not self.books.is_over:
                self.wait(self.books.end + how)
        elif self.books.is_over:
            return
        elif what == "change":
            self.change(how)
        elif what == "seats":
            self.change((self.choice[0], self.choice[1], how))
        elif what == "cancel":
            subscription.cancel(self.shop.account)
            self.books.ends = True
        else:
            subscription.resume(self.shop.account)
            self.books.ends = False

    def wait(self, until: int) -> None:
        assert self.books is not None
        if until <= self.now:
            return
        self.stripe.v1.test_helpers.test_clocks.advance(self.clock, {"frozen_time": until})
        self.now = until
        self.books.wait(until)

    def change(self, choice: tuple[str, str, int]) -> None:
        """As the customer portal does it: we hear of it by webhooks, or not at all."""
        assert self.books is not None
        choice = self._counted(choice)
        if choice == self.choice:
            return
        self.choice = choice
        current = self.stripe.v1.subscriptions.retrieve(self.id)
        item = current["items"].data[0].id
        plan = catalogue.plan(choice[0])
        self.stripe.v1.subscriptions.update(self.id, {
            "items": [{"id": item, "price": self._price(), "quantity": choice[2]}],
            "proration_behavior": "create_prorations",
            "cancel_at_period_end": False,
            "metadata": {terms.METADATA: terms.current(plan).digest},
        })  # fmt: skip
        self.books.change(self._amount(), self._months(), self.now)

    def hear(self, luck: random.Random) -> None:
        """Some of the news, in any order, some of them twice, some never, some from long ago."""
        listed = self.stripe.v1.events.list({"limit": 100}).data
        mine = [one.to_dict() for one in listed if self._is_mine(one.to_dict())]
        for event in luck.choices(mine, k=luck.randint(0, 6)) if mine else ():
            inbox.store(event)
            if luck.random() < 0.3:
                handling.work_off()
        handling.work_off()

    def heal(self) -> None:
        """The periodic check, a day later: it asks about those of whom something should have come."""
        now = datetime.fromtimestamp(self.now, UTC) + timedelta(days=1)
        rows = Account.objects.filter(tenant=self.shop.tenant)
        rows.update(must_ask=True)
        assert upkeep.ask_about(rows.unsettled(now=now)) == 1

    def invoiced(self) -> int:
        """All that Stripe has asked for, and what waits for the next invoice."""
        api, mine = self.stripe.v1, {"customer": self.customer, "limit": 100}
        invoices = api.invoices.list(mine).data  # type: ignore[arg-type]
        items = api.invoice_items.list(mine).data  # type: ignore[arg-type]
        waiting = sum(each.amount for each in items if each.invoice is None)
        return sum(each.total for each in invoices) + waiting

    def _counted(self, choice: tuple[str, str, int]) -> tuple[str, str, int]:
        plan, interval, seats = choice
        return plan, interval, seats if catalogue.plan(plan).per_seat else 1

    def _amount(self) -> int:
        plan, interval, seats = self.choice
        whole = catalogue.plan(plan).amount(interval, self.currency)  # type: ignore[arg-type]
        assert isinstance(whole, int)
        return whole * seats * (100 - OFF * self.coupon) // 100

    def _months(self) -> int:
        return 12 if self.choice[1] == "year" else 1

    def _price(self) -> str:
        plan, interval, _ = self.choice
        return prices.find(catalogue.plan(plan), interval, self.currency).id  # type: ignore[arg-type]

    def _is_mine(self, event: dict[str, Any]) -> bool:
        thing = event["data"]["object"]
        return self.customer in (thing.get("customer"), thing["id"])


def holds(life: Life) -> None:
    """The law."""
    books = life.books
    assert books is not None
    assert life.invoiced() == books.total, "every cent once"
    at_stripe = life.stripe.v1.subscriptions.retrieve(life.id)
    row = Subscription.objects.get(stripe_id=life.id)
    item = at_stripe["items"].data[0]
    assert (row.status, row.quantity, row.price_id) == (
        at_stripe.status, item.quantity, item.price.id,
    )  # fmt: skip
    assert row.plan_key == item.price.metadata["plan"] == life.choice[0]
    assert row.period_start.timestamp() == item.current_period_start == books.start
    assert row.period_end.timestamp() == item.current_period_end == books.end
    assert (row.cancel_at is not None) == bool(
        at_stripe.cancel_at or at_stripe.cancel_at_period_end
    )
    assert (row.status == "canceled") == books.is_over
    account = life.shop.account
    assert (account.subscription_id == life.id) == (row.status in LIVE)
    entitlements.forget_all()
    entitled = row.status in ENTITLING
    answer = entitlements.allows(life.shop.tenant, "own_domains")
    assert (answer.allowed, answer.plan) == (entitled, life.choice[0] if entitled else "free")
    assert answer.reason == ("plan" if entitled else "not_in_plan")
    plan = catalogue.plan(answer.plan)
    limits = plan.limits_for(currency=life.currency, seats=life.choice[2])
    assert life.shop.limit("links") == limits["links"].value
    moved = MrrMovement.objects.for_tenant(life.shop.tenant).values_list("currency")
    sums = dict(moved.annotate(sum=Sum(F("after") - F("before"))))
    monthly = round(books.amount / books.months + 1e-9) if entitled else 0
    assert sums.get(life.currency, 0) == row.monthly == monthly


def lives(number: int) -> settings:
    """So many of them; a longer one is no simpler, so none is made shorter."""
    return settings(
        max_examples=number,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )


any_life = given(
    day=st.sampled_from(STARTS), choice=_CHOICES, currency=st.sampled_from(["usd", "eur"]),
    coupon=st.booleans(), actions=_ACTIONS, luck=st.integers(0, 2**32),
)  # fmt: skip


@lives(int(os.environ.get("LIVES", "4")))
@any_life
def test_a_whole_life_is_asked_for_once_and_known_as_it_is(shop, stripe, **life: Any) -> None:
    live(shop, stripe, **life)


@pytest.mark.endurance
@lives(60)
@any_life
def test_so_are_many_lives(shop, stripe, **life: Any) -> None:
    live(shop, stripe, **life)


def live(
    shop: Shop, stripe: sdk.StripeClient, day: str, choice: tuple[str, str, int], currency: str,
    coupon: bool, actions: list[tuple[str, Any]], luck: int,
) -> None:  # fmt: skip
    chance = random.Random(luck)  # noqa: S311 - of a test
    with transaction.atomic():
        life = Life(shop, stripe, currency, coupon)
        life.begin(day, choice)
        life.hear(chance)
        for what, how in actions:
            life.act(what, how)
            life.hear(chance)
        life.heal()
        holds(life)
        life.heal()
        holds(life)
        transaction.set_rollback(True)


@pytest.mark.parametrize("day", STARTS)
def test_a_year_of_months_from_the_last_days_of_a_month(
    shop: Shop, stripe: sdk.StripeClient, day: str
) -> None:
    """Thirteen renewals, each at its own instant and for its own cents; news of none of them."""
    life = Life(shop, stripe, "usd", coupon=False)
    life.begin(day, ("pro", "month", 1))
    for _ in range(13):
        life.act("to the end", 0)
    life.heal()
    holds(life)
    assert life.invoiced() == 14 * 29_00
