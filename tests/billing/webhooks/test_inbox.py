"""The inbox: an answer at once, one row an event, and a worker who asks how things are."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
import stripe as sdk
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from billing import upkeep, webhook_urls, webhooks
from billing.models import Account, InboxEvent, Subscription
from billing.subscriptions import projection, subscription
from billing.webhooks import handling, inbox
from tests.billing.conftest import SECRET, Shop
from tests.billing.simulated import Delivery, Mailbox
from tests.billing.webhooks.test_webhooks import sign

Deliver = Callable[..., object]


@pytest.fixture
def post(
    settings,
    client_for: Callable[..., Client],
    stripe: sdk.StripeClient,
    monkeypatch: pytest.MonkeyPatch,
):
    """Hand a body to the address, with nobody working it off: in tests a task is done at once."""
    monkeypatch.setattr(webhook_urls._bell, "ring", lambda: None)
    settings.STRIPE_WEBHOOK_UUID, settings.STRIPE_WEBHOOK_SECRET = str(uuid4()), SECRET
    site = client_for()

    def send(body: bytes, *, signature: str | None = None):
        signature = sign(Delivery(body, "")) if signature is None else signature
        return site.post(
            f"/stripe/webhook/{settings.STRIPE_WEBHOOK_UUID}/",
            body,
            content_type="application/json",
            headers={"stripe-signature": signature} if signature else {},
        )

    return send


def event(kind: str = "invoice.paid", **other: object) -> bytes:
    thing = {"id": "in_1", "object": "invoice", "customer": "cus_nobody"}
    said = {"id": f"evt_{uuid4().hex}", "object": "event", "livemode": False, "type": kind}
    return json.dumps({**said, "data": {"object": thing}, **other}).encode()


def test_what_is_stored_is_answered_without_asking_stripe(post, db, settings) -> None:
    settings.STRIPE_API_HOST = "http://127.0.0.1:1"  # nobody there
    body = event()
    assert [post(body).status_code for _ in range(3)] == [200, 200, 200]
    row = InboxEvent.objects.get(pk=json.loads(body)["id"])
    assert (row.type, row.customer, row.about) == ("invoice.paid", "cus_nobody", "in_1")
    assert row.due_at is not None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"evt_1"',
        b"\xff\xfe",
        b'{"object": "event"}',
        b'{"id": 5}',
        b'{"id": ""}',
    ],
)
def test_what_is_no_event_is_refused_though_it_is_signed(post, db, body: bytes) -> None:
    signature = f"t={int(time.time())},v1=" + sdk.WebhookSignature._compute_signature(
        f"{int(time.time())}." + body.decode("latin-1"), SECRET
    )
    assert post(body, signature=signature).status_code == 400
    assert not InboxEvent.objects.exists()


def test_what_is_cut_off_is_refused(post, db) -> None:
    body = event()
    assert post(body[:-20], signature=sign(Delivery(body, ""))).status_code == 400
    assert not InboxEvent.objects.exists()


def test_without_a_signature_nothing_is_read(post, db) -> None:
    assert post(event(), signature="").status_code == 400


@pytest.mark.parametrize("ago", [600, -600])
def test_an_old_signature_and_one_of_a_time_to_come_are_refused(post, db, ago: int) -> None:
    body = event()
    assert post(body, signature=sign(Delivery(body, ""), at=time.time() - ago)).status_code == 400
    assert not InboxEvent.objects.exists()


def test_what_is_too_large_is_refused(post, db) -> None:
    body = event(padding="x" * inbox.LARGEST)
    assert post(body).status_code == 413
    assert not InboxEvent.objects.exists()


def test_only_posts_are_taken(post, db, settings, client_for) -> None:
    assert client_for().get(f"/stripe/webhook/{settings.STRIPE_WEBHOOK_UUID}/").status_code == 405


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (event(livemode=True), "of the other mode (live or test)"),
        (event("product.created"), "nothing to do"),
        (event(data={"object": {"id": "in_2", "customer": None}}), "about no customer"),
        (event(data={"object": "nonsense"}), "about no customer"),
        (event(data=None), "about no customer"),
    ],
)
def test_what_we_do_not_act_on_is_settled_with_its_reason(
    post, db, body: bytes, outcome: str
) -> None:
    assert post(body).status_code == 200
    row = InboxEvent.objects.get(pk=json.loads(body)["id"])
    assert (row.due_at, row.outcome) == (None, outcome)


def test_a_customer_of_nobody_is_settled(post, db) -> None:
    post(event())
    assert upkeep.work_off_inbox() == 1
    assert InboxEvent.objects.get().outcome == "of no customer of ours"


def test_nothing_that_came_is_acted_on_here_by_dj_stripe(
    shop: Shop, stripe: sdk.StripeClient, mailbox: Mailbox, deliver: Deliver
) -> None:
    """Its handler of a deleted customer sends a DELETE to Stripe, whoever the customer is by now."""
    shop.buy("pro")
    customer = shop.customer
    updated = mailbox.wait_for("customer.updated", customer=customer)
    lie = updated.event
    lie = {**lie, "id": f"evt_{uuid4().hex}", "type": "customer.deleted"}
    told = Delivery(json.dumps(lie).encode(), "")
    assert deliver(told, signature=sign(told)).status_code == 200
    assert not getattr(stripe.v1.customers.retrieve(customer), "deleted", False)
    assert (shop.account.plan_key, shop.customer) == ("pro", customer)


def test_many_events_of_a_customer_are_one_question(
    shop: Shop, mailbox: Mailbox, post, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.pay("pro")
    mailbox.wait_for("invoice.paid", customer=shop.customer)
    asked = []
    asks = subscription.sync
    monkeypatch.setattr(
        subscription, "sync", lambda *args, **words: asked.append(args) or asks(*args, **words)
    )
    for delivery in mailbox.about(shop.customer):
        post(delivery.body)
    assert upkeep.work_off_inbox() == 1
    assert (len(asked), shop.account.plan_key) == (1, "pro")
    assert upkeep.work_off_inbox() == 0


def test_an_outage_leaves_them_due_and_nothing_half_done(
    shop: Shop, mailbox: Mailbox, post, settings
) -> None:
    shop.pay("pro")
    paid = mailbox.wait_for("invoice.paid", customer=shop.customer)
    post(paid.body)
    right = settings.STRIPE_API_HOST
    settings.STRIPE_API_HOST = "http://127.0.0.1:1"
    assert webhooks.work_off() == 0
    row = InboxEvent.objects.get(pk=paid.event["id"])
    assert row.due_at > timezone.now()
    assert (row.tries, shop.account.plan_key) == (1, "free")
    settings.STRIPE_API_HOST = right
    webhooks.work_off(now=row.due_at)
    assert shop.account.plan_key == "pro"


def test_what_fails_for_good_is_settled_and_told(shop: Shop, post) -> None:
    """A customer whom the account of this key does not know."""
    lost = f"cus_{uuid4().hex}"
    Account.objects.filter(tenant=shop.tenant).update(stripe_customer_id=lost)
    thing = {"id": "sub_1", "object": "subscription", "customer": lost}
    post(event("customer.subscription.updated", data={"object": thing}))
    assert webhooks.work_off() == 1
    row = InboxEvent.objects.get(customer=lost)
    assert (row.due_at, row.outcome.startswith("failed: ")) == (None, True)
    assert lost in shop.account.trouble
    assert webhooks.not_processed().count() == 1


def test_settled_rows_go_after_a_month(post, db) -> None:
    post(event("product.created"))
    post(event())
    InboxEvent.objects.update(received_at=timezone.now() - timedelta(days=31))
    assert handling.tidy() == 1
    assert InboxEvent.objects.get().due_at is not None  # what is not settled stays


# Order, repetition and loss


def as_stripe_has_it(shop: Shop, stripe: sdk.StripeClient) -> dict[str, object]:
    listed = stripe.v1.subscriptions.list(
        {"customer": shop.customer, "status": "all", "expand": projection.EXPAND}
    )
    return {one.id: projection.fields(one) for one in listed.data}


def as_we_have_it(shop: Shop) -> dict[str, object]:
    own = {"id", "tenant_id", "terms_id", "stripe_id", "synced_at"}
    return {
        row["stripe_id"]: {name: value for name, value in row.items() if name not in own}
        for row in Subscription.objects.filter(tenant=shop.tenant).values()
    }


STEPS = ("business", "year", "seats", "cancel", "resume", "end")


def act(step: str, shop: Shop, stripe: sdk.StripeClient) -> None:
    """Something done at Stripe, of which we hear by webhooks alone."""
    found = subscription.newest(shop.customer)
    if found is None or found.status == "canceled":
        return
    [item] = found["items"].data
    if step in ("cancel", "resume"):
        stripe.v1.subscriptions.update(found.id, {"cancel_at_period_end": step == "cancel"})
    elif step == "end":
        stripe.v1.subscriptions.cancel(found.id)
    else:
        key = {"business": "business_month", "year": "pro_year", "seats": "team_month"}[step]
        price = stripe.v1.prices.list({"lookup_keys": [key]}).data[0]
        new = {"id": item.id, "price": price.id, "quantity": 3 if step == "seats" else 1}
        stripe.v1.subscriptions.update(found.id, {"items": [new]})


@pytest.fixture
def bought(shop: Shop) -> Shop:
    shop.pay("pro")
    return shop


@pytest.mark.thorough
@how(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_order_repetition_and_loss_end_as_stripe_says(
    bought: Shop, stripe: sdk.StripeClient, mailbox: Mailbox, post, data: st.DataObject
) -> None:
    for step in data.draw(st.lists(st.sampled_from(STEPS[:-1]), min_size=1, max_size=3)):
        act(step, bought, stripe)
        came = mailbox.about(bought.customer)
        for delivery in data.draw(st.lists(st.sampled_from(came), max_size=6)) if came else ():
            post(delivery.body)
        if data.draw(st.booleans()):
            webhooks.work_off()
    upkeep.ask_about(Account.objects.filter(tenant=bought.tenant))
    assert as_we_have_it(bought) == as_stripe_has_it(bought, stripe)
    account = bought.account
    row = Subscription.objects.get(stripe_id=account.subscription_id)
    assert (account.plan_key, account.status) == (row.plan_key, row.status)
