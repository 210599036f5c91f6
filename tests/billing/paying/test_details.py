"""For whom the invoices are, and who gets them."""

from __future__ import annotations

import re

import pytest
import stripe as sdk
from django.core import mail

from billing.models import BillingContact
from tenants.members import membership
from tenants.models import Membership
from tests.billing.conftest import Shop
from tests.billing.paying.conftest import VISA, Clocked

ADDRESS = {
    "name": "Acme GmbH", "line1": "Hauptstr. 1", "line2": "", "postal_code": "10115", "city": "Berlin",
    "state": "", "country": "DE",
}  # fmt: skip


def page(shop: Shop) -> str:
    return shop.owner.get("/billing/details/").content.decode()


def test_name_and_address_stand_at_stripe_also_before_the_first_payment(
    shop: Shop, stripe: sdk.StripeClient
) -> None:
    assert shop.owner.post("/billing/details/", ADDRESS).status_code == 302
    customer = stripe.v1.customers.retrieve(shop.customer)
    assert (customer.name, customer.address.line1, customer.address.country) == (
        "Acme GmbH", "Hauptstr. 1", "DE",
    )  # fmt: skip
    assert "Hauptstr. 1" in page(shop)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"country": "XX"}, "Select a valid choice"),
        ({"country": "US"}, "Please say the state or province."),
        ({"postal_code": ""}, "Please say the postal code."),
        ({"name": ""}, "This field is required."),
        ({"city": "x" * 201}, "at most 200 characters"),
    ],
)
def test_what_is_no_address_is_refused_in_words(shop: Shop, wrong, words: str) -> None:
    refused = shop.owner.post("/billing/details/", {**ADDRESS, **wrong})
    assert (refused.status_code, words in refused.content.decode()) == (422, True)
    assert shop.customer == ""


def test_a_tax_id_is_checked_shown_with_its_state_and_replaced(
    shop: Shop, stripe: sdk.StripeClient
) -> None:
    def give(kind: str, value: str) -> str:
        data = {"kind": kind, "value": value}
        return shop.owner.post("/billing/details/tax-id/", data, follow=True).content.decode()

    assert "EU VAT number DE123456789: verified." in give("eu_vat", "de123456789")
    refused = shop.owner.post("/billing/details/tax-id/", {"kind": "eu_vat", "value": "12"})
    assert refused.status_code == 422
    assert "That is no EU VAT number." in refused.content.decode()
    assert "DE123456789" in refused.content.decode(), "the one of before stays"
    assert "being checked" in give("eu_vat", "222222222")
    assert "could not be verified" in give("au_abn", "111111111")
    assert "not checked" in give("us_ein", "12-3456789")
    [kept] = stripe.v1.customers.tax_ids.list(shop.customer).data
    assert kept.value == "12-3456789"
    stranger = stripe.v1.customers.create({"name": "Somebody else"}).id
    theirs = stripe.v1.customers.tax_ids.create(
        stranger, {"type": "eu_vat", "value": "FR12345678901"}
    )
    assert shop.owner.post(f"/billing/details/tax-id/{theirs.id}/removal/").status_code == 404
    assert shop.owner.post(f"/billing/details/tax-id/{kept.id}/removal/").status_code == 302
    assert stripe.v1.customers.tax_ids.list(shop.customer).data == []
    assert "None stands on your invoices." in page(shop)


def test_a_contact_is_asked_gets_each_invoice_once_and_says_no(
    subscribed: Clocked, client_for, django_capture_on_commit_callbacks
) -> None:
    shop = subscribed.shop
    with django_capture_on_commit_callbacks(execute=True):
        said = shop.owner.post("/billing/contacts/", {"email": "Books@Example.com"}, follow=True)
    assert "We have asked books@example.com" in said.content.decode()
    link = re.search(r"https?://\S*(/billing-contact/\S+/)", mail.outbox[-1].body)
    assert link is not None
    site, contact = client_for(), BillingContact.objects.get(tenant=shop.tenant)
    assert "Yes, send them to me" in site.get(link[1]).content.decode()
    contact.refresh_from_db()
    assert contact.confirmed_at is None, "a scanner that follows the link says nothing"
    subscribed.until_renewal()
    assert "invoice_paid" not in subscribed.mails()
    assert "You get these mails" in site.post(link[1], {"answer": "yes"}).content.decode()
    subscribed.until_renewal()
    subscribed.heard.clear()
    subscribed.hear()
    assert subscribed.mails()["invoice_paid"] == 1, "of the one that was paid since, and once"
    subscribed.give_card("pm_card_chargeCustomerFail")
    subscribed.until_renewal()
    assert subscribed.mails()["payment_failed"] == 2  # the owner and the contact
    assert "No more of these mails" in site.post(link[1], {"answer": "no"}).content.decode()
    subscribed.give_card(VISA)
    shop.owner.post("/billing/payment/")
    subscribed.hear()
    assert (subscribed.mails()["invoice_paid"], subscribed.mails()["payment_recovered"]) == (1, 1)
    assert "These mails have ended" in site.get(link[1]).content.decode()
    assert site.get(link[1][:-3] + "x/").status_code == 404


def test_ones_own_proved_address_is_asked_nothing_and_goes_with_the_member(
    shop: Shop, people
) -> None:
    shop.owner.post("/billing/contacts/", {"email": people.acme_owner.email})
    own = BillingContact.objects.get(tenant=shop.tenant)
    assert own.confirmed_at is not None
    again = shop.owner.post("/billing/contacts/", {"email": people.acme_owner.email})
    assert (again.status_code, "gets these mails already" in again.content.decode()) == (422, True)
    shop.owner.post("/billing/contacts/", {"email": people.acme_member.email})
    seat = Membership.objects.get(tenant=shop.tenant, user=people.acme_member)
    membership.remove_member(seat, by=people.acme_owner)
    assert [each.email for each in BillingContact.objects.for_tenant(shop.tenant)] == [own.email]
    assert shop.owner.post(f"/billing/contacts/{own.pk}/removal/").status_code == 302
    assert shop.owner.post(f"/billing/contacts/{own.pk}/removal/").status_code == 404


def test_contacts_have_a_bound_and_another_workspaces_is_not_there(shop: Shop, globex) -> None:
    theirs = BillingContact.objects.create(tenant=globex, email="x@globex.example")
    assert shop.owner.post(f"/billing/contacts/{theirs.pk}/removal/").status_code == 404
    for number in range(BillingContact.MOST):
        BillingContact.objects.create(tenant=shop.tenant, email=f"n{number}@example.com")
    refused = shop.owner.post("/billing/contacts/", {"email": "one-more@example.com"})
    assert (refused.status_code, "at most 5" in refused.content.decode()) == (422, True)
    assert shop.owner.post("/billing/contacts/", {"email": "no address"}).status_code == 422
