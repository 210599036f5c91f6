"""All invoices, a page at a time; only one's own; and who may see any of these pages."""

from __future__ import annotations

import pytest
import stripe as sdk
from django.urls import reverse

from billing.pages import paying_urls
from billing.subscriptions import invoices
from tests.billing.conftest import Shop
from tests.billing.paying.conftest import Clocked


def test_invoices_are_listed_with_page_and_file(shop: Shop) -> None:
    assert "No invoices yet" in shop.owner.get("/billing/invoices/").content.decode()
    shop.buy("pro")
    [one] = invoices.of(shop.account)
    page = shop.owner.get("/billing/invoices/").content.decode()
    for words in (one.number, "$29.00", "Paid", f"/billing/invoices/{one.stripe_id}/pdf/"):
        assert words in page, words
    opened = shop.owner.get(f"/billing/invoices/{one.stripe_id}/")
    assert (opened.status_code, opened["Location"]) == (302, one.url)
    file = shop.owner.get(f"/billing/invoices/{one.stripe_id}/pdf/")
    assert (file.status_code, file["Location"].endswith(".pdf")) == (302, True)


def test_the_list_is_paged(subscribed: Clocked, monkeypatch) -> None:
    monkeypatch.setattr(invoices, "SHOWN", 2)
    for _ in range(2):
        subscribed.until_renewal()
    first = subscribed.shop.owner.get("/billing/invoices/").content.decode()
    second = subscribed.shop.owner.get("/billing/invoices/?page=2").content.decode()
    assert (first.count("$29.00"), second.count("$29.00")) == (2, 1)
    assert "Page 1 of 2" in first
    assert subscribed.shop.owner.get("/billing/invoices/?page=x").status_code == 200


def test_an_invoice_of_another_workspace_is_not_there(
    subscribed: Clocked, client_for, people, globex, stripe: sdk.StripeClient
) -> None:
    [one] = invoices.of(subscribed.account)
    theirs = client_for(people.globex_owner, globex)
    for path in (one.stripe_id, f"{one.stripe_id}/pdf", "in_nobody", "cus_x"):
        assert theirs.get(f"/billing/invoices/{path}/").status_code == 404, path
        if path in ("in_nobody", "cus_x"):
            assert subscribed.shop.owner.get(f"/billing/invoices/{path}/").status_code == 404


KWARGS = {
    "card": "pm_x", "tax_id": "txi_x", "contact_id": 1, "invoice_id": "in_x",
}  # fmt: skip


@pytest.mark.parametrize("route", paying_urls.urlpatterns, ids=lambda route: route.name)
def test_strangers_are_kept_out_of_each_address(shop: Shop, client_for, people, route) -> None:
    """A member, the owner of another workspace, somebody signed out."""
    wanted = {name: KWARGS[name] for name in route.pattern.converters}
    path = reverse(f"billing:{route.name}", kwargs=wanted)
    for method in ("get", "post"):
        member = getattr(shop.member, method)(path)
        assert member.status_code in (403, 405), method
        other = getattr(client_for(people.globex_owner, shop.tenant), method)(path)
        assert other.status_code in (403, 404), method
        nobody = getattr(client_for(None, shop.tenant), method)(path)
        assert nobody.status_code in (302, 403, 404), method
        if nobody.status_code == 302:
            assert "/login/" in nobody["Location"]
    assert (shop.account.stripe_customer_id, shop.account.plan_key) == (None, "free")


@pytest.mark.parametrize("route", paying_urls.urlpatterns, ids=lambda route: route.name)
def test_what_changes_something_asks_for_a_token(shop: Shop, people, route) -> None:
    from django.test import Client

    strict = Client(enforce_csrf_checks=True, headers={"host": shop.owner.defaults["HTTP_HOST"]})
    strict.force_login(people.acme_owner)
    wanted = {name: KWARGS[name] for name in route.pattern.converters}
    answer = strict.post(reverse(f"billing:{route.name}", kwargs=wanted))
    assert answer.status_code in (403, 405)
