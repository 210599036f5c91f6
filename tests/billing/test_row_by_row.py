"""One account's trouble is that account's: no webhook answers 500 for ever, no check stops at it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
import stripe as sdk
from django.core.management import call_command
from django.utils import timezone

from billing import upkeep
from billing.models import Account, InboxEvent
from billing.subscriptions import subscription
from billing.webhooks import missed_events
from plg_site.doctor import billing as doctor
from tenants.models import Status, Tenant
from tenants.signing_up import provisioning
from tests.billing.conftest import Shop
from tests.billing.simulated import Delivery, Mailbox
from tests.billing.stated import statement, usage_invoices
from tests.billing.webhooks.test_webhooks import sign

Deliver = Callable[..., object]


def purged(shop: Shop) -> Tenant:
    """What `tenants.life.purge` leaves of a workspace: the key."""
    Tenant.objects.filter(pk=shop.tenant.pk).update(
        status=Status.PURGING, purged_at=timezone.now(), slug=f"purged-{uuid4().hex[:20]}"
    )
    return Tenant.with_purged.get(pk=shop.tenant.pk)


@pytest.fixture
def another(shop: Shop, client_for, people) -> Shop:
    """A workspace whose account comes after the first one's."""
    wanted = provisioning.NewWorkspace(name="Next shop", slug=f"next-{uuid4().hex[:12]}")
    tenant = provisioning.create_workspace(wanted, owner=people.acme_owner)
    return Shop(tenant, client_for(people.acme_owner, tenant), client_for(None, tenant))


def overdue(*shops: Shop) -> None:
    past = timezone.now() - timedelta(days=1)
    for shop in shops:
        Account.objects.filter(tenant=shop.tenant).update(current_period_end=past)


def test_webhooks_of_a_purged_workspace_are_settled(
    shop: Shop, mailbox: Mailbox, deliver: Deliver, stripe: sdk.StripeClient
) -> None:
    shop.buy("pro", "year")
    customer, bought = shop.customer, shop.account.subscription_id
    purged(shop)
    stripe.v1.subscriptions.cancel(bought)
    gone = mailbox.wait_for("customer.subscription.deleted", customer=customer)
    assert deliver(gone).status_code == 200
    account = Account.objects.get(tenant_id=shop.tenant.pk)
    assert (account.status, account.subscription_id) == ("canceled", None)
    assert account.trouble == ""
    for delivery in mailbox.about(customer):
        assert deliver(delivery).status_code == 200, delivery.event["type"]


def test_the_check_goes_on_after_a_purged_workspace(shop: Shop, another: Shop) -> None:
    shop.buy("pro")
    another.buy("pro")
    overdue(shop, another)
    purged(shop)
    upkeep.ask_stripe()
    assert another.account.current_period_end > timezone.now()
    assert Account.objects.get(tenant_id=shop.tenant.pk).current_period_end > timezone.now()


def test_the_check_goes_on_after_an_account_that_cannot_be_read(shop: Shop, another: Shop) -> None:
    """As after a change at Stripe that this code does not know."""
    shop.buy("pro")
    another.buy("pro")
    overdue(shop, another)
    Account.objects.filter(tenant=shop.tenant).update(stripe_customer_id="cus_of_nobody")
    upkeep.ask_stripe()
    assert another.account.current_period_end > timezone.now()
    assert "cus_of_nobody" in shop.account.trouble
    assert any("cus_of_nobody" in finding.says for finding in doctor.look())


def test_what_fails_again_and_again_is_left_to_people(shop: Shop) -> None:
    shop.buy("pro")
    Account.objects.filter(tenant=shop.tenant).update(
        must_ask=True, tries=Account.MOST_TRIES, trouble="it was so"
    )
    assert not Account.objects.unsettled(now=timezone.now()).filter(tenant=shop.tenant).exists()
    call_command("ask_stripe", shop.tenant.slug, verbosity=0)
    assert (shop.account.tries, shop.account.trouble, shop.account.must_ask) == (0, "", False)


@pytest.fixture
def made_by_hand(shop: Shop, stripe: sdk.StripeClient) -> sdk.Subscription:
    """A subscription to something that the catalogue does not know, on the workspace's customer."""
    shop.pay("pro")
    bought = stripe.v1.subscriptions.list({"customer": shop.customer}).data[0]
    stripe.v1.subscriptions.cancel(bought.id)
    product = stripe.v1.products.create({"name": "Consulting"})
    price = stripe.v1.prices.create(
        {
            "product": product.id,
            "currency": "usd",
            "unit_amount": 5,
            "recurring": {"interval": "month"},
        }
    )
    return stripe.v1.subscriptions.create(
        {
            "customer": shop.customer,
            "items": [{"price": price.id}],
            "default_payment_method": str(bought.default_payment_method),
        }
    )


def test_a_subscription_without_an_item_of_ours_is_none_of_our_business(
    shop: Shop, made_by_hand: sdk.Subscription, mailbox: Mailbox, deliver: Deliver
) -> None:
    for delivery in mailbox.about(shop.customer):
        assert deliver(delivery).status_code == 200, delivery.event["type"]
    subscription.sync(shop.account, origin=Account.Origin.CHECK)
    assert (shop.account.plan_key, shop.account.trouble) == ("free", "")
    for path in ("cancel", "resume", "change"):
        answer = shop.owner.post(f"/billing/{path}/", {"plan": "business", "interval": "month"})
        assert answer.status_code == 409
        assert "no subscription to change" in answer.content.decode()


def test_beside_a_subscription_made_by_hand_one_can_buy_a_plan(
    shop: Shop, made_by_hand: sdk.Subscription
) -> None:
    shop.buy("pro")
    assert shop.limit("links") == 1_000


def test_a_customer_that_was_deleted_at_stripe_buys_again(
    shop: Shop, stripe: sdk.StripeClient, mailbox: Mailbox, deliver: Deliver
) -> None:
    shop.buy("pro")
    former = shop.customer
    stripe.v1.customers.delete(former)
    shop.buy("business")
    assert shop.customer != former
    assert shop.account.plan_key == "business"
    gone = mailbox.wait_for("customer.deleted", customer=former)
    assert deliver(gone).status_code == 200
    assert shop.account.plan_key == "business"  # old news of the former


def test_the_news_of_a_deleted_customer_ends_the_plan(
    shop: Shop, stripe: sdk.StripeClient, mailbox: Mailbox, deliver: Deliver
) -> None:
    shop.buy("pro")
    former = shop.customer
    stripe.v1.customers.delete(former)
    assert deliver(mailbox.wait_for("customer.deleted", customer=former)).status_code == 200
    account = shop.account
    assert (account.plan_key, account.stripe_customer_id, account.trouble) == ("free", None, "")


def test_a_lasting_refusal_is_not_told_as_an_outage(shop: Shop) -> None:
    """A subscriber whose customer the account of this key does not know."""
    shop.buy("pro")
    Account.objects.filter(tenant=shop.tenant).update(stripe_customer_id="cus_of_another_account")
    answer = shop.owner.post("/billing/cancel/")
    words = answer.content.decode()
    assert answer.status_code == 409
    assert "cannot reach" not in words
    assert "Trying again will not help" in words


def test_an_outage_is_told_as_one(shop: Shop, settings) -> None:
    shop.buy("pro")
    settings.STRIPE_API_HOST = "http://127.0.0.1:1"
    answer = shop.owner.post("/billing/cancel/")
    assert answer.status_code == 503
    assert "cannot reach our payment provider" in answer.content.decode()


def test_an_event_of_the_newer_kind_is_kept_and_settled(
    shop: Shop, mailbox: Mailbox, deliver: Deliver
) -> None:
    shop.pay("pro")
    paid = mailbox.wait_for("invoice.paid", customer=shop.customer)
    thin = {
        "id": f"evt_{uuid4().hex}",
        "object": "v2.core.event",
        "livemode": False,
        "type": "v1.billing.meter.error",
    }
    odd = Delivery(json.dumps(thin).encode(), "")
    answer = deliver(Delivery(odd.body, sign(odd)))
    assert answer.status_code == 200
    kept = InboxEvent.objects.get(pk=thin["id"])
    assert (kept.due_at, kept.outcome) == (None, "nothing to do")
    assert deliver(paid).status_code == 200  # and others are processed as always


def test_a_missed_event_can_be_taken_by_its_id(
    shop: Shop, mailbox: Mailbox, deliver: Deliver, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.pay("pro")
    paid = mailbox.wait_for("invoice.paid", customer=shop.customer)
    call_command("take_stripe_events", paid.event["id"])
    assert "1 new, 0 known, 0 failed" in capsys.readouterr().out
    assert shop.account.plan_key == "pro"
    call_command("take_stripe_events", paid.event["id"])
    assert "0 new, 1 known, 0 failed" in capsys.readouterr().out


def test_all_events_of_some_days_can_be_taken_and_none_has_a_second_effect(
    shop: Shop, mailbox: Mailbox, deliver: Deliver, settle: Callable[[], None]
) -> None:
    shop.pay("pro")
    paid = mailbox.wait_for("invoice.paid", customer=shop.customer)
    deliver(paid)
    begin = timezone.now() - timedelta(minutes=1)
    outcomes = {taken.id: taken.outcome for taken in missed_events.since(begin)}
    assert outcomes[paid.event["id"]] == "known"
    assert "new" in outcomes.values()
    assert not any(outcome.startswith("failed") for outcome in outcomes.values())
    settle()
    assert [each["amount"] for each in shop.recorded("Invoice Paid")] == [2900]


def test_what_failed_here_is_taken_once_its_reason_is_mended(
    shop: Shop, mailbox: Mailbox, deliver: Deliver
) -> None:
    shop.pay("pro")
    paid = mailbox.wait_for("invoice.paid", customer=shop.customer)
    deliver(paid)
    InboxEvent.objects.filter(pk=paid.event["id"]).update(outcome="failed: a fault")
    assert [taken.outcome for taken in missed_events.failed()] == ["new"]
    assert InboxEvent.objects.get(pk=paid.event["id"]).outcome == "done"


def test_usage_of_a_purged_workspace_is_still_billed(shop: Shop, stripe: sdk.StripeClient) -> None:
    """Its statement came after the purge; what was used is owed."""
    shop.buy("pro")
    statement(shop.tenant, 120_000)
    purged(shop)
    assert upkeep.bill_usage() == 1
    [invoice] = usage_invoices(stripe, shop.customer)
    assert invoice.total == 2_00
