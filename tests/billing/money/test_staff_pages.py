"""The pages about money: who may see them, who may act, and what stands on them."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import stripe as sdk
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing import money
from billing.models import MoneyEntry, MrrMovement, Subscription
from billing.money import history
from billing.revenue import figures, spreadsheet
from staff import panels
from staff.models import Look
from tests.billing.conftest import Shop
from tests.billing.money.conftest import Desk

OF_ALL = [
    "/staff/revenue/", "/staff/revenue/failed/", "/staff/revenue/trials/",
    "/staff/revenue/disputes/", "/staff/revenue/grants/", "/staff/revenue/subscriptions.csv",
    "/staff/revenue/movements.csv",
]  # fmt: skip


def of_one(desk: Desk) -> list[str]:
    return [desk.path(rest) for rest in ("money/", "grants/", "refunds/ch_x/",
                                         "grants/grant-1/revocation/")]  # fmt: skip


def test_strangers_owners_and_visitors_find_nothing(
    desk: Desk, client_for: Callable[..., Client], people: object
) -> None:
    for path in [*OF_ALL, *of_one(desk)]:
        for user in (people.acme_owner, people.outsider):  # type: ignore[attr-defined]
            assert client_for(user).get(path).status_code in (404, 405), path
            assert client_for(user).post(path).status_code in (404, 405), path
        visitor = client_for(None).get(path)
        assert visitor.status_code in (302, 405), path


def test_staff_without_the_right_look_and_do_not_act(onlooker: Desk) -> None:
    onlooker.shop.buy("pro")
    payment = onlooker.payment()
    for path in OF_ALL:
        assert onlooker.client.get(path).status_code == 200, path
    assert onlooker.client.get(onlooker.path("money/")).status_code == 200
    page = onlooker.client.get(onlooker.path("grants/")).content.decode()
    assert "you need the right to move money" in page
    assert "Give it" not in page
    assert f"refunds/{payment.stripe_id}/" not in onlooker.history()
    assert onlooker.client.get(onlooker.path(f"refunds/{payment.stripe_id}/")).status_code == 403
    assert onlooker.refund(payment, "1.00").status_code == 403
    assert onlooker.give(what="plan", plan="pro").status_code == 403
    assert onlooker.revoke("grant-1").status_code == 403


def test_what_was_shown_of_a_workspace_is_in_the_trail(desk: Desk) -> None:
    for path in ("money/", "grants/"):
        Look.objects.all().delete()
        desk.client.get(desk.path(path))
        assert Look.objects.filter(by=desk.user, subject=desk.shop.tenant.pk).count() == 1


def test_what_is_not_there_is_not_found(desk: Desk) -> None:
    assert desk.client.get(f"/staff/workspaces/{uuid4()}/money/").status_code == 404
    assert desk.client.get(desk.path("refunds/ch_nobody/")).status_code == 404
    for key in ("grant-0", "grant-x", "x", "credit-99999999999999999999", "trial-"):
        assert desk.revoke(key).status_code == 404


def test_the_revenue_page_asks_stripe_nothing_and_says_everything(
    desk: Desk, stripe: sdk.StripeClient, settings: object
) -> None:
    desk.shop.buy("pro", "year")
    settings.STRIPE_API_HOST = "http://127.0.0.1:9"  # type: ignore[attr-defined]
    row = Subscription.objects.get(tenant=desk.shop.tenant)
    MoneyEntry.objects.create(
        tenant=desk.shop.tenant, stripe_id="in_failed", kind="invoice", status="open",
        amount=290_00, rest=290_00, currency="usd", at=timezone.now(), attempts=2, number="A-17",
        due_at=timezone.now() + timedelta(days=3), url="https://stripe.example/i",
    )  # fmt: skip
    Subscription.objects.create(
        tenant=desk.shop.tenant, stripe_id="sub_trial", status="trialing", plan_key="team",
        price_id="p", terms=row.terms, currency="eur", quantity=4, started_at=timezone.now(),
        period_start=timezone.now(), period_end=timezone.now(),
        trial_end=timezone.now() + timedelta(days=6),
    )  # fmt: skip
    page = desk.client.get("/staff/revenue/").content.decode()
    for words in ("$24.17", "New", "A-17", "$290.00", "Team", "Unreconciled differences",
                  "Movements of the last twelve months, USD", "plot__flows"):  # fmt: skip
        assert words in page, words
    then = desk.client.get("/staff/revenue/?month=2020-02&currency=eur").content.decode()
    assert "Movements in February 2020" in then
    assert "Nothing moved in this month" in then
    for month in (
        "2026-13",
        "x",
        "0001-01",
        "9999-12",
        "2026-00",
        "%00",
        "%D9%A2%D9%A0%D9%A2%D9%A6-11",
    ):
        answer = desk.client.get(f"/staff/revenue/?month={month}&page=9999")
        assert answer.status_code in (200, 400), month
    assert "A-17" in desk.client.get("/staff/revenue/failed/").content.decode()
    assert "Team" in desk.client.get("/staff/revenue/trials/").content.decode()


def test_another_part_can_stand_on_the_revenue_page(desk: Desk) -> None:
    """Registered once more under the same title, it takes that one's place."""
    was = list(panels._panels["revenue"])
    try:
        panels.register(
            "revenue",
            panels.Panel(
                "Unreconciled differences", "staff/links.html",
                lambda month: {"links": [{"title": "12 clicks", "text": f"{month:%Y}", "url": ""}]},
            ),
        )  # fmt: skip
        page = desk.client.get("/staff/revenue/").content.decode()
        assert "12 clicks" in page
        assert page.count("Unreconciled differences") == 1
    finally:
        panels._panels["revenue"] = was


def test_files_have_no_formulas(desk: Desk) -> None:
    desk.shop.buy("pro")
    desk.shop.tenant.name = '=HYPERLINK("http://evil.example")'
    desk.shop.tenant.save()
    for path, columns in (
        ("/staff/revenue/subscriptions.csv", spreadsheet.SUBSCRIPTIONS),
        ("/staff/revenue/movements.csv", spreadsheet.MOVEMENTS),
    ):
        answer = desk.client.get(path)
        text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
        rows = list(csv.reader(text.splitlines()))
        assert tuple(rows[0]) == columns
        mine = next(row for row in rows if desk.shop.tenant.slug in row)
        assert any(cell.startswith("'=HYPERLINK") for cell in mine)
        assert "2900" in mine
        assert "attachment" in answer["Content-Disposition"]


def test_a_whole_history_stands_on_bounded_pages_in_order(
    desk: Desk, stripe: sdk.StripeClient
) -> None:
    desk.shop.buy("pro")
    money.follow(desk.shop.account)
    page = desk.history()
    for words in ("Invoice", "Payment", "Succeeded", "Monthly revenue", "Free to Pro",
                  "Checkout started", "/invoices/"):  # fmt: skip
        assert words in page, words
    now = timezone.now()
    MoneyEntry.objects.bulk_create(
        MoneyEntry(tenant=desk.shop.tenant, stripe_id=f"in_many_{each}", kind="invoice",
                   status="paid", amount=each, currency="usd", at=now - timedelta(days=each // 3))
        for each in range(130)
    )  # fmt: skip
    seen = []
    number, more = 1, True
    while more:
        with CaptureQueriesContext(connection) as queries:
            lines, more = history.page(desk.shop.tenant, number)
        assert len(queries) <= 8
        assert len(lines) <= history.A_PAGE
        seen += lines
        number += 1
    assert [line.at for line in seen] == sorted((line.at for line in seen), reverse=True)
    told = [line.amount for line in seen if line.what == "Invoice"]
    assert len(told) >= 130
    assert len(set(told)) == len(told), "nothing twice"
    assert desk.client.get(desk.path("money/?page=2")).status_code == 200
    for number_asked in ("0", "-1", "x", "99999", "%00"):
        assert desk.client.get(desk.path(f"money/?page={number_asked}")).status_code in (200, 400)


def test_the_history_says_what_was_planned_and_why_it_ended(desk: Desk) -> None:
    shop = desk.shop
    shop.buy("business")
    shop.change(plan="pro")
    shop.owner.post("/billing/scheduled/revoke/")
    shop.owner.post("/billing/cancellation/", {"reason": "unused", "comment": "No time."})
    page = desk.history()
    for words in ("Change scheduled", "Business to Pro", "Change revoked", "Subscription canceled",
                  "We do not use it enough: No time."):  # fmt: skip
        assert words in page, words


def test_the_numbers_of_many_cost_few_questions(desk: Desk) -> None:
    desk.shop.buy("pro")
    MrrMovement.objects.bulk_create(
        MrrMovement(tenant=desk.shop.tenant, currency="usd", number=number + 2, kind="expansion",
                    before=number, after=number + 1, at=timezone.now())
        for number in range(60)
    )  # fmt: skip
    with CaptureQueriesContext(connection) as queries:
        answer = desk.client.get("/staff/revenue/")
    assert answer.content.decode().count('<th scope="row"><a href') < 60
    ours = [each for each in queries.captured_queries if "billing_" in each["sql"]]
    assert len(ours) <= 16, [each["sql"][:90] for each in ours]
    assert figures.moved(figures.month_named(""))["usd"]["expansion"] == (60, 60)


def test_a_payment_that_failed_says_since_when_and_when_again(
    desk: Desk, shop: Shop, stripe: sdk.StripeClient
) -> None:
    shop.buy("pro")
    [method] = stripe.v1.customers.payment_methods.list(shop.customer).data[:1]
    bad = stripe.v1.payment_methods.attach(
        "pm_card_chargeCustomerFail", {"customer": shop.customer}
    )
    stripe.v1.subscriptions.update(
        shop.account.subscription_id or "", {"default_payment_method": bad.id}
    )
    stripe.v1.invoice_items.create({"customer": shop.customer, "amount": 8_00, "currency": "usd"})
    invoice = stripe.v1.invoices.create(
        {"customer": shop.customer, "pending_invoice_items_behavior": "include",
         "default_payment_method": bad.id, "auto_advance": True}
    )  # fmt: skip
    stripe.v1.invoices.finalize_invoice(str(invoice.id))
    with contextlib.suppress(sdk.CardError):
        stripe.v1.invoices.pay(str(invoice.id))
    money.follow(shop.account)
    [failed] = figures.failures(list(figures.failed().filter(tenant=shop.tenant)))
    assert (failed.amount, failed.currency, failed.attempts) == (8_00, "usd", 1)
    page = desk.client.get("/staff/revenue/failed/").content.decode()
    assert "$8.00" in page
    assert "Failed" in desk.history()
    stripe.v1.invoices.pay(str(invoice.id), {"payment_method": method.id})
    money.follow(shop.account)
    assert not figures.failed().filter(tenant=shop.tenant).exists()


def test_an_administrator_can_give_the_right_to_a_group(
    desk: Desk, client_for: Callable[..., Client]
) -> None:
    desk.user.is_superuser = True
    desk.user.save()
    page = client_for(desk.user).get("/cms/groups/new/").content.decode()
    assert "Can give plans and credit, and refund payments" in page
