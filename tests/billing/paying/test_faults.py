"""Stripe away, or acting without an answer, or refusing for now, at each button: words, nothing half changed,
and the next press does it, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import stripe as sdk

from billing import stripe_client
from billing.models import Account
from billing.selling import pushing
from billing.subscriptions import subscription
from tenants.models import AuditEntry
from tests.billing.faults import FAULTS, Faults, Kind
from tests.billing.paying.conftest import FAILS, VISA, Clocked

pytestmark = pytest.mark.thorough

ADDRESS = {
    "name": "Acme Ltd",
    "line1": "1 Main St",
    "postal_code": "10115",
    "city": "Berlin",
    "country": "DE",
}

# Those that do nothing, one after the other on one button; and the one that acts and does not answer.
EACH: list[tuple[Kind, ...]] = [tuple(each for each in FAULTS if each != "lost"), ("lost",)]


@pytest.fixture
def faulty(simulator, settings, monkeypatch) -> Iterator[Faults]:
    """The application asks through it, and asks once: what the SDK would repeat, a person repeats."""
    between = Faults(simulator.url)
    server = between.open()
    monkeypatch.setattr(stripe_client, "RETRIES", 0)
    settings.STRIPE_API_HOST = between.url
    stripe_client._client.cache_clear()
    yield between
    stripe_client._client.cache_clear()
    server.shutdown()
    server.server_close()


def standing(clocked: Clocked) -> tuple[object, ...]:
    """All of our own that a button could have changed."""
    account = clocked.account
    kept = (
        account.plan_key,
        account.status,
        account.cancel_at,
        account.offer_taken_at,
        account.owed,
    )
    return (*kept, AuditEntry.objects.for_tenant(clocked.shop.tenant).count(), clocked.mails())


def press(
    clocked: Clocked, faulty: Faults, faults: tuple[Kind, ...], path: str,
    data: dict[str, str] | None = None,
) -> object:  # fmt: skip
    """With each fault: a page in words, nothing changed here. Then once more without it."""
    before = standing(clocked)
    for fault in faults:
        with faulty.on("", fault):
            refused = clocked.shop.owner.post(f"/billing/{path}", data or {})
        assert refused.status_code == 503, (path, fault, refused.status_code)
        assert "We cannot reach our payment provider" in refused.content.decode(), (path, fault)
        assert standing(clocked) == before, (path, fault)
    done = clocked.shop.owner.post(f"/billing/{path}", data or {})
    assert done.status_code in (302, 303), (path, done.content.decode())
    return done


@pytest.mark.parametrize("faults", EACH, ids=lambda each: "+".join(map(str, each)))
def test_each_button_fails_in_words_and_then_does_it_once(
    subscribed: Clocked, stripe: sdk.StripeClient, faulty: Faults, faults: tuple[Kind, ...]
) -> None:
    pushing.push()  # the coupon of the offer
    v1, customer = stripe.v1, subscribed.shop.customer

    def pressed(path: str, data: dict[str, str] | None = None) -> object:
        return press(subscribed, faulty, faults, path, data)

    _details(subscribed, stripe, pressed)
    other = v1.payment_methods.attach(VISA, {"customer": customer}).id
    first = str(v1.subscriptions.retrieve(subscribed.row.stripe_id).default_payment_method)
    pressed("payment-methods/new/")
    pressed(f"payment-methods/{other}/default/")
    assert v1.subscriptions.retrieve(subscribed.row.stripe_id).default_payment_method == other
    assert v1.customers.retrieve(customer).invoice_settings.default_payment_method == other
    if faults == ("lost",):  # it is gone at Stripe, so the second press finds no such card
        with faulty.on("", "lost"):
            assert (
                subscribed.shop.owner.post(f"/billing/payment-methods/{first}/removal/").status_code
                == 503
            )
        assert (
            subscribed.shop.owner.post(f"/billing/payment-methods/{first}/removal/").status_code
            == 404
        )
    else:
        pressed(f"payment-methods/{first}/removal/")
    cards = v1.payment_methods.list({"customer": customer}).data
    assert [each.id for each in cards] == [other]
    pressed("portal/")
    pressed("cancellation/offer/")
    assert len(subscribed.row.discounts) == 1
    assert subscribed.mails()["offer_taken"] == 1
    pressed("cancellation/", {"reason": "unused"})
    assert subscribed.account.cancel_at is not None
    pressed("resume/")
    assert subscribed.account.cancel_at is None
    assert (subscribed.mails()["canceled"], subscribed.mails()["resumed"]) == (1, 1)


def _details(clocked: Clocked, stripe: sdk.StripeClient, pressed: Callable[..., object]) -> None:
    customer = clocked.shop.customer
    pressed("details/", ADDRESS)
    assert stripe.v1.customers.retrieve(customer).address.city == "Berlin"
    pressed("details/tax-id/", {"kind": "eu_vat", "value": "DE123456789"})
    [given] = stripe.v1.customers.tax_ids.list(customer).data
    assert (given.value, given.type) == ("DE123456789", "eu_vat")


@pytest.mark.parametrize("faults", EACH, ids=lambda each: "+".join(map(str, each)))
def test_an_open_invoice_is_paid_once_whatever_happens(
    subscribed: Clocked, faulty: Faults, faults: tuple[Kind, ...]
) -> None:
    subscribed.give_card(FAILS)
    subscribed.until_renewal()
    subscribed.give_card(VISA)
    for fault in faults:
        with faulty.on("", fault):
            refused = subscribed.shop.owner.post("/billing/payment/")
            card = subscribed.shop.owner.post("/billing/payment/card/")
        assert (refused.status_code, card.status_code) == (503, 503), fault
        assert subscribed.account.status == "past_due", fault
    assert subscribed.shop.owner.post("/billing/payment/").status_code == 302
    assert (subscribed.account.status, subscribed.account.owed) == ("active", 0)
    assert [one.amount_paid for one in subscribed.invoices()] == [29_00, 29_00]
    charges = subscribed.stripe.v1.charges.list({"customer": subscribed.shop.customer}).data
    assert sum(one.amount for one in charges if one.paid) == 58_00
    subscribed.hear()
    assert subscribed.mails()["payment_recovered"] == 1


def test_the_sdk_repeats_with_one_key_what_was_lost(
    subscribed: Clocked, stripe: sdk.StripeClient, faulty: Faults, monkeypatch
) -> None:
    monkeypatch.setattr(stripe_client, "RETRIES", 2)
    stripe_client._client.cache_clear()
    faulty.fail("lost", times=1)
    answer = subscribed.shop.owner.post("/billing/cancellation/", {"reason": "other"})
    assert answer.status_code == 302
    assert subscribed.account.cancel_at is not None
    subscription.sync(subscribed.account, origin=Account.Origin.CHECK)
    assert subscribed.mails()["canceled"] == 1
