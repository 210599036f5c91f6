"""Renewals that fail, banks that ask, usage that is not paid, cards that are mended, in any order, with news
that come twice, late or never: once the periodic check has run, the plan is there or lost for a reason that
Stripe's invoices give, and nobody is asked for a period that began without a plan.
"""

from __future__ import annotations

import os
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import stripe as sdk
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from billing import catalogue, entitlements, upkeep
from billing.models import Account, UsageCharge
from billing.subscriptions import subscription
from billing.webhooks import handling, inbox
from tests.billing.conftest import Shop
from tests.billing.laws.by_hand import Books
from tests.billing.paying.conftest import ASKS, FAILS, VISA, Clocked
from tests.billing.stated import statement

pytestmark = pytest.mark.thorough
PRO = 29_00
_ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(1, 34)),
        st.tuples(st.just("card"), st.sampled_from([VISA, FAILS, ASKS])),
        st.tuples(st.just("pay"), st.booleans()),
        st.tuples(st.just("use"), st.integers(1, 90)),
    ),
    min_size=2, max_size=9,
)  # fmt: skip


class Life:
    """`used` is what all usage came to, by hand: a dollar for each 10,000 clicks above 100,000."""

    def __init__(self, books: Clocked, luck: random.Random) -> None:
        self.books, self.luck, self.used, self.month = books, luck, 0, 0
        books.shop.buy("pro")
        self.by_hand = Books(self._anchor(), PRO, 1)

    def _anchor(self) -> int:
        found = self.books.stripe.v1.subscriptions.retrieve(self.books.row.stripe_id)
        return int(found.billing_cycle_anchor)

    def act(self, what: str, how: Any) -> None:
        if what == "wait":
            self.books.pass_days(how, hear=False)
            self.by_hand.wait(self.books.now())
        elif what == "card":
            self.books.give_card(how)
        elif what == "use":
            statement(self.books.shop.tenant, 100_000 + how * 10_000, month=self.month)
            self.month, self.used = self.month + 1, self.used + how * 1_00
            upkeep.bill_usage()
        else:
            answer = self.books.shop.owner.post("/billing/payment/")
            if answer.status_code == 303 and "/authenticate/" in answer["Location"]:
                said = "complete" if how else "fail"
                httpx.post(answer["Location"], data={"authentication": said})

    def hear(self) -> None:
        told = [one.to_dict() for one in self.books.stripe.v1.events.list({"limit": 100}).data]
        mine = [one for one in told if self._is_mine(one["data"]["object"])]
        for event in self.luck.choices(mine, k=self.luck.randint(0, 6)) if mine else ():
            inbox.store(event)
            if self.luck.random() < 0.3:
                handling.work_off()
        handling.work_off()

    def heal(self) -> None:
        """The periodic check: all accounts of whom something should have come by now."""
        Account.objects.filter(tenant=self.books.shop.tenant).update(must_ask=True)
        upkeep.ask_about(Account.objects.filter(tenant=self.books.shop.tenant))

    def _is_mine(self, thing: dict[str, Any]) -> bool:
        return self.books.shop.customer in (thing.get("customer"), thing.get("id"))


def open_since(invoice: sdk.Invoice) -> datetime:
    at = invoice.status_transitions.finalized_at or invoice.created
    return datetime.fromtimestamp(at, UTC)


def begins(invoice: sdk.Invoice) -> datetime:
    return datetime.fromtimestamp(max(line.period.start for line in invoice.lines.data), UTC)


def is_usage(invoice: sdk.Invoice) -> bool:
    return bool(invoice.metadata) and "usage_invoice" in (invoice.metadata or {})


def lost_before(invoice: sdk.Invoice, others: list[sdk.Invoice], grace: timedelta) -> bool:
    """Whether the plan was lost when the invoice's period began: another was unpaid for all of the grace."""
    at = begins(invoice)

    def was_open(one: sdk.Invoice) -> bool:
        paid = one.status_transitions.paid_at
        return one.status == "open" or (paid is not None and paid >= at.timestamp())

    return any(
        one.id != invoice.id and open_since(one) + grace <= at and was_open(one) for one in others
    )


def holds(life: Life) -> None:
    """The law."""
    books, account = life.books, life.books.account
    grace, now = catalogue.rules().grace, datetime.fromtimestamp(books.now(), UTC)
    invoices = [one for one in books.invoices() if one.status != "draft"]
    plan = [one for one in invoices if not is_usage(one)]
    drafts = len(books.invoices()) - len(invoices)  # a renewal waits an hour
    assert sum(one.total for one in plan) + drafts * PRO == life.by_hand.total, "each period once"
    usage = sum(one.total for one in invoices if is_usage(one))
    assert usage == life.used, "all usage once"
    charges = UsageCharge.objects.filter(tenant=books.shop.tenant)
    assert sum(charges.values_list("amount", flat=True)) == life.used

    tried = [one for one in invoices if one.status == "open" and one.attempted]
    paid_until = max((one.created for one in plan if one.status == "paid"), default=0)
    is_behind = any(one.created > paid_until for one in tried if not is_usage(one))
    owed = [one for one in tried if is_usage(one) or is_behind]
    assert account.owed == sum(one.amount_remaining for one in owed)
    counted = [one for one in owed if is_usage(one) or one.created > paid_until]
    since = min((open_since(one) for one in counted), default=None)
    assert account.past_due_since == since
    lost = since is not None and since + grace <= now
    assert (account.plan_key, account.grace_ended) == (("free", True) if lost else ("pro", False))
    entitlements.forget_all()
    answer = entitlements.allows(books.shop.tenant, "own_domains")
    assert (answer.allowed, answer.reason) == ((False, "not_paid") if lost else (True, "plan"))
    for invoice in plan:
        if invoice.status == "void":
            assert lost_before(invoice, invoices, grace), "only what was not had is taken back"
        elif invoice in counted:
            assert not lost_before(invoice, counted, grace), "nobody is asked for what was not had"
    live = books.stripe.v1.subscriptions.list({"customer": books.shop.customer, "status": "all"})
    assert len(live.data) == 1


@settings(
    max_examples=int(os.environ.get("LIVES", "4")), deadline=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(actions=_ACTIONS, luck=st.integers(0, 2**32))
def test_a_plan_is_there_or_lost_for_a_reason_and_only_what_was_had_is_asked_for(
    shop: Shop, stripe: sdk.StripeClient, actions: list[tuple[str, Any]], luck: int
) -> None:
    live(shop, stripe, actions, luck)


def test_a_life_with_all_of_it(shop: Shop, stripe: sdk.StripeClient) -> None:
    actions = [
        ("card", FAILS), ("wait", 32), ("use", 40), ("wait", 20), ("wait", 34), ("wait", 34),
        ("card", ASKS), ("pay", False), ("wait", 2), ("card", VISA), ("pay", True), ("wait", 34),
        ("card", ASKS), ("wait", 30), ("pay", True), ("use", 5), ("wait", 1), ("pay", True),
    ]  # fmt: skip
    live(shop, stripe, actions, 7, each=True)


def live(
    shop: Shop, stripe: sdk.StripeClient, actions: list[tuple[str, Any]], luck: int, *,
    each: bool = False,
) -> None:  # fmt: skip
    with transaction.atomic():
        life = Life(begun(shop, stripe), random.Random(luck))  # noqa: S311 - of a test
        for what, how in actions:
            life.act(what, how)
            life.hear()
            if each:
                life.heal()
                holds(life)
        life.heal()
        holds(life)
        subscription.sync(life.books.account, origin=Account.Origin.CHECK)
        holds(life)
        transaction.set_rollback(True)


def begun(shop: Shop, stripe: sdk.StripeClient) -> Clocked:
    """Another customer for each life, in the time of a clock."""
    at = int(datetime(2027, 3, 14, 10, tzinfo=UTC).timestamp())
    clock = stripe.v1.test_helpers.test_clocks.create({"frozen_time": at})
    customer = stripe.v1.customers.create(
        {
            "email": "a@b.example",
            "test_clock": clock.id,
            "metadata": {"tenant": str(shop.tenant.pk)},
        }
    )
    rows = Account.objects.filter(tenant=shop.tenant)
    # The life before was rolled back here, and Stripe knows the keys of its requests.
    rows.update(stripe_customer_id=customer.id, checkout_session_id=customer.id)
    return Clocked(shop, stripe, clock.id)
