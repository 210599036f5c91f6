"""Cards: seen, added with the bank's word, one charged, another removed; only one's own."""

from __future__ import annotations

import httpx
import stripe as sdk

from tests.billing.conftest import Shop
from tests.billing.paying.conftest import FAILS, VISA, Clocked


def typed(page: str, number: str, **more: str) -> httpx.Response:
    form = httpx.get(page, follow_redirects=True)
    fields = {"card_number": number, "card_expiry": "03 / 31", "card_cvc": "123", **more}
    return httpx.post(str(form.url), data=fields)


def test_a_card_is_added_with_its_banks_word_and_charged_from_then_on(
    shop: Shop, stripe: sdk.StripeClient
) -> None:
    shop.buy("pro")
    page = shop.owner.get("/billing/payment-methods/").content.decode()
    assert "Visa •••• 4242" in page
    assert "12/34" in page
    to_stripe = shop.owner.post("/billing/payment-methods/new/")
    asked = typed(to_stripe["Location"], "4000 0025 0000 3155")
    assert "Complete authentication" in asked.text
    done = typed(to_stripe["Location"], "4000 0025 0000 3155", authentication="complete")
    back = done.headers["location"]
    said = shop.owner.get(back[back.index("/billing") :], follow=True).content.decode()
    assert "Visa ending in 3155 is charged from now on." in said
    row = shop.page()
    assert "Visa ending in 3155, 03/31" in row
    bought = stripe.v1.subscriptions.retrieve(str(shop.account.subscription_id))
    default = stripe.v1.payment_methods.retrieve(str(bought.default_payment_method))
    assert default.card.last4 == "3155"


def test_another_card_is_charged_and_the_first_removed_but_never_the_last(
    shop: Shop, stripe: sdk.StripeClient
) -> None:
    shop.buy("pro")
    first = stripe.v1.payment_methods.list({"customer": shop.customer}).data[0].id
    other = stripe.v1.payment_methods.attach(FAILS, {"customer": shop.customer}).id
    refused = shop.owner.post(f"/billing/payment-methods/{first}/removal/", follow=True)
    assert "Your plan is paid with this card." in refused.content.decode()
    said = shop.owner.post(f"/billing/payment-methods/{other}/default/", follow=True)
    assert "Visa ending in 0341 is charged from now on." in said.content.decode()
    assert "Visa ending in 0341" in shop.page()
    gone = shop.owner.post(f"/billing/payment-methods/{first}/removal/", follow=True)
    assert "Visa ending in 4242 was removed." in gone.content.decode()
    last = shop.owner.post(f"/billing/payment-methods/{other}/removal/", follow=True)
    assert "before you remove it" in last.content.decode()
    assert [one.id for one in stripe.v1.payment_methods.list({"customer": shop.customer}).data] == [
        other
    ]


def test_without_a_plan_the_last_card_can_go(clocked: Clocked) -> None:
    card = clocked.give_card(VISA)
    assert clocked.shop.owner.post(f"/billing/payment-methods/{card}/removal/").status_code == 302
    assert "No cards yet" in clocked.shop.owner.get("/billing/payment-methods/").content.decode()


def test_a_card_of_another_workspace_is_not_there(shop: Shop, stripe: sdk.StripeClient) -> None:
    shop.buy("pro")
    stranger = stripe.v1.customers.create({"name": "Somebody else"}).id
    theirs = stripe.v1.payment_methods.attach(VISA, {"customer": stranger}).id
    for what in ("default", "removal"):
        answer = shop.owner.post(f"/billing/payment-methods/{theirs}/{what}/")
        assert answer.status_code == 404, what
    assert stripe.v1.payment_methods.retrieve(theirs).customer == stranger
    bought = stripe.v1.subscriptions.retrieve(str(shop.account.subscription_id))
    assert bought.default_payment_method != theirs


def test_a_card_that_is_refused_is_not_kept(shop: Shop) -> None:
    shop.buy("pro")
    to_stripe = shop.owner.post("/billing/payment-methods/new/")
    assert "declined" in typed(to_stripe["Location"], "4000 0000 0000 0002").text
    shop.owner.get("/billing/payment-methods/return/")
    assert "Visa ending in 4242" in shop.page()
