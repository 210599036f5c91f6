"""From the free plan to a paid one."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from urllib.parse import urlsplit

import httpx
import pytest
import stripe as sdk
from allauth.account.models import EmailAddress
from django.test import Client

from billing import upkeep
from billing.models import Account
from billing.subscriptions import subscription
from identity.models import User
from metering.quotas import limits, spend
from tests.billing.conftest import Shop, customers_of
from tests.billing.simulated import Mailbox


def test_a_new_workspace_is_on_the_free_plan_with_its_limits(shop: Shop) -> None:
    assert shop.account.plan_key == "free"
    assert shop.limit("links") == 10
    assert "Free" in shop.page()


def test_the_limit_is_lifted_at_the_return_without_any_webhook(shop: Shop) -> None:
    back = shop.pay("pro")
    assert shop.limit("links") == 10

    page = shop.owner.get(back, follow=True).content.decode()

    assert shop.limit("links") == 1_000
    assert "You are on Pro now" in page
    assert "$29 a month" in page
    assert "Renews on" in page
    assert "1,000" in page


def test_the_invoice_is_listed_at_the_return_without_any_webhook(shop: Shop) -> None:
    page = shop.owner.get(shop.pay("pro"), follow=True).content.decode()
    assert "$29.00" in page
    assert "No invoices yet" not in page


def test_the_webhook_alone_lifts_the_limit(
    shop: Shop, mailbox: Mailbox, deliver: Callable[..., object]
) -> None:
    shop.pay("pro")
    deliver(mailbox.wait_for("checkout.session.completed", customer=shop.customer))
    assert shop.limit("links") == 1_000
    assert shop.account.updated_from == Account.Origin.EVENT


def test_the_periodic_check_lifts_the_limit_when_neither_return_nor_webhook_come(
    shop: Shop,
) -> None:
    shop.pay("pro")
    upkeep.ask_stripe()
    assert shop.limit("links") == 1_000
    assert not shop.account.checkout_open


def test_a_year_is_paid_at_once(shop: Shop) -> None:
    shop.buy("business", "year")
    assert shop.limit("seats") == 50
    assert "$990 a year" in shop.page()


def test_an_upgrade_is_recorded_once_however_often_the_return_is_opened(
    shop: Shop, settle: Callable[[], None]
) -> None:
    back = shop.pay("pro")
    for _ in range(3):
        shop.owner.get(back)
    settle()
    assert shop.recorded("Checkout Started") == [{"plan": "pro", "interval": "month"}]
    assert [(e["from"], e["to"]) for e in shop.recorded("Plan Changed")] == [("free", "pro")]
    assert [e["amount"] for e in shop.recorded("Invoice Paid")] == [2900]


def test_a_second_click_leads_to_the_same_page(shop: Shop, stripe: sdk.StripeClient) -> None:
    assert shop.start_checkout() == shop.start_checkout()
    assert len(customers_of(shop.tenant, stripe)) == 1


def test_another_choice_closes_the_first_checkout(shop: Shop) -> None:
    first, second = shop.start_checkout("pro"), shop.start_checkout("business")
    assert httpx.post(first, data={}).status_code == 410
    assert httpx.get(second).status_code == 200


def test_who_paid_in_another_tab_is_not_sold_a_second_subscription(
    shop: Shop, stripe: sdk.StripeClient
) -> None:
    shop.pay("pro")
    answer = shop.owner.post("/billing/checkout/", {"plan": "business", "interval": "month"})
    assert answer["Location"].startswith("/billing/change/?plan=business")
    assert len(stripe.v1.subscriptions.list({"customer": shop.customer}).data) == 1


def test_an_unverified_person_cannot_pay_and_is_told_why(
    shop: Shop, people: SimpleNamespace
) -> None:
    EmailAddress.objects.filter(user=people.acme_owner).update(verified=False)
    answer = shop.owner.post("/billing/checkout/", {"plan": "pro", "interval": "month"})
    assert answer.status_code == 403
    assert "Please verify your address before you pay" in answer.content.decode()
    page = shop.page()
    assert "Please verify your address before you pay" in page
    assert 'action="/billing/checkout/"' not in page


def test_a_member_sees_the_plan_but_cannot_pay(shop: Shop) -> None:
    page = shop.member.get("/billing/").content.decode()
    assert "Owners and admins of this workspace choose the plan" in page
    for action in ("checkout", "change", "cancel", "resume"):
        answer = shop.member.post(f"/billing/{action}/", {"plan": "pro", "interval": "month"})
        assert answer.status_code == 403, action


def test_an_outsider_finds_nothing(
    shop: Shop, outsider: User, client_for: Callable[..., Client]
) -> None:
    browser = client_for(outsider, shop.tenant)
    assert browser.get("/billing/").status_code == 404
    assert browser.post("/billing/checkout/", {"plan": "pro"}).status_code == 404


def test_the_return_of_another_workspace_is_refused(
    shop: Shop, globex: object, people: SimpleNamespace, client_for: Callable[..., Client]
) -> None:
    back = shop.pay("pro")
    assert client_for(people.globex_owner, globex).get(back).status_code == 404
    assert limits.of(globex)["links"].value == 10


@pytest.mark.parametrize("session", ["", "cs_test_unknown", "sub_1"])
def test_a_return_with_an_unknown_session_is_refused(shop: Shop, session: str) -> None:
    assert shop.owner.get(f"/billing/return/?session_id={session}").status_code == 404


def test_a_return_before_the_payment_changes_nothing(shop: Shop) -> None:
    session = urlsplit(shop.start_checkout()).path.rsplit("/", 1)[1]
    page = shop.owner.get(f"/billing/return/?session_id={session}", follow=True)
    assert "not complete" in page.content.decode()
    assert shop.limit("links") == 10


@pytest.mark.parametrize(
    "choice", [{"plan": "free"}, {"plan": "nonsense"}, {"plan": "pro", "interval": "week"}, {}]
)
def test_what_is_not_on_the_price_list_cannot_be_bought(shop: Shop, choice: dict[str, str]) -> None:
    answer = shop.owner.post("/billing/checkout/", choice)
    assert answer.status_code == 400
    assert "There is no such plan" in answer.content.decode()


def test_a_declined_card_leaves_the_free_plan(shop: Shop) -> None:
    declined = {"card_number": "4000 0000 0000 0002", "card_expiry": "12/34", "card_cvc": "123"}
    assert httpx.post(shop.start_checkout(), data=declined).status_code == 402
    upkeep.ask_stripe()
    assert shop.account.plan_key == "free"
    assert shop.account.checkout_open


def test_a_workspace_that_begins_to_pay_has_a_limit_of_what_usage_may_cost(shop: Shop) -> None:
    assert spend.of(shop.account.tenant).money is None
    shop.buy("pro")
    assert spend.of(shop.account.tenant).money == 29_00
    in_force = limits.of(shop.account.tenant)["clicks"]
    assert (in_force.value, in_force.hard, in_force.own) == (100_000 + 290_000, True, True)
    assert "at most $29.00 in a period" in shop.page()


def test_an_owner_changes_the_limit_of_what_usage_may_cost_and_it_stays_changed(shop: Shop) -> None:
    shop.buy("pro")
    shop.owner.post("/usage/limits/own/", {"money": ""})
    assert spend.of(shop.account.tenant).money is None
    assert "has no limit" in shop.page()
    subscription.cancel(shop.account)
    subscription.resume(shop.account)
    upkeep.ask_stripe()
    assert spend.of(shop.account.tenant).money is None
