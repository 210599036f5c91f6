"""Disputes arrive by webhooks, in any order, twice or never, and settle by asking Stripe."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import stripe as sdk
from django.utils import timezone

from billing import money, upkeep
from billing.models import Account, InboxEvent, MoneyEntry
from tenants.models import AuditEntry
from tests.billing.conftest import Shop
from tests.billing.money.conftest import Desk
from tests.billing.simulated import Mailbox, pay

DISPUTES = "/staff/revenue/disputes/"
A_DISPUTE = "4000 0000 0000 0259"


def bought_with(shop: Shop, card: str) -> None:
    back = pay(shop.start_checkout("pro"), card=card)
    shop.owner.get(back[back.index("/billing") :])
    assert shop.account.plan_key == "pro"


def entry(shop: Shop) -> MoneyEntry:
    return MoneyEntry.objects.get(tenant=shop.tenant, kind="dispute")


def actions(shop: Shop) -> list[str]:
    rows = AuditEntry.objects.filter(tenant=shop.tenant, action__startswith="dispute.")
    return list(rows.order_by("id").values_list("action", flat=True))


def news(mailbox: Mailbox, charge: str, kind: str) -> object:
    for one in mailbox.deliveries:
        if one.event["type"] == kind and one.event["data"]["object"].get("charge") == charge:
            return one
    raise AssertionError(f"No {kind}")


def test_a_dispute_is_lost_whatever_the_order_of_its_news(
    desk: Desk, stripe: sdk.StripeClient, mailbox: Mailbox, deliver: Callable[..., object]
) -> None:
    shop = desk.shop
    bought_with(shop, A_DISPUTE)
    [charge] = stripe.v1.charges.list({"customer": shop.customer}).data
    mailbox.wait_for("charge.succeeded", customer=shop.customer)
    [dispute] = stripe.v1.disputes.list({"charge": charge.id}).data
    wait(lambda: news(mailbox, charge.id, "charge.dispute.created"))
    deliver(news(mailbox, charge.id, "charge.dispute.created"))
    row = entry(shop)
    assert (row.amount, row.status, row.reason) == (29_00, "needs_response", "fraudulent")
    assert row.due_at is not None
    page = desk.client.get(f"{DISPUTES}?show=waiting").content.decode()
    assert "Fraudulent" in page
    assert "Needs an answer" in page
    assert f"{row.due_at:%Y}" in page
    page = desk.history()
    assert "answer until" in page
    assert "/refunds/" not in page, "what the bank took back cannot be given back"
    assert desk.refund(desk.payment(), "1.00").status_code == 409
    stripe.v1.disputes.close(dispute.id)
    wait(lambda: news(mailbox, charge.id, "charge.dispute.closed"))
    for kind in ("charge.dispute.closed", "charge.dispute.created", "charge.dispute.closed"):
        deliver(news(mailbox, charge.id, kind))
    assert (entry(shop).status, entry(shop).due_at) == ("lost", None)
    assert actions(shop) == ["dispute.opened", "dispute.lost"]
    assert "Lost" in desk.client.get(DISPUTES).content.decode()
    assert "Fraudulent" not in desk.client.get(f"{DISPUTES}?show=waiting").content.decode()
    assert not InboxEvent.objects.filter(customer="", due_at__isnull=False).exists()


def test_one_that_nobody_told_of_is_found_by_the_periodic_check(
    desk: Desk, stripe: sdk.StripeClient
) -> None:
    shop = desk.shop
    bought_with(shop, A_DISPUTE)
    money.follow(shop.account)
    stripe.v1.disputes.update(
        entry(shop).stripe_id, {"evidence": {"uncategorized_text": "winning_evidence"}}
    )
    assert entry(shop).status == "needs_response"
    upkeep.ask_stripe(now=timezone.now() + timedelta(days=2))
    assert entry(shop).status == "won"
    assert actions(shop) == ["dispute.opened", "dispute.won"]


def test_news_of_what_is_nobodys_are_laid_aside(
    stripe: sdk.StripeClient, shop: Shop, settings: object
) -> None:
    for number, kind in enumerate(("charge.dispute.created", "refund.created")):
        InboxEvent.objects.create(
            stripe_id=f"evt_nobody_{number}", type=kind, about=("du_x", "re_x")[number],
            due_at=timezone.now(),
        )  # fmt: skip
    upkeep.work_off_inbox()
    rows = InboxEvent.objects.filter(stripe_id__startswith="evt_nobody_")
    assert {row.outcome for row in rows} == {"about no customer"}
    assert not rows.filter(due_at__isnull=False).exists()


def test_news_wait_while_stripe_is_away(
    stripe: sdk.StripeClient, shop: Shop, settings: object
) -> None:
    was = settings.STRIPE_API_HOST  # type: ignore[attr-defined]
    InboxEvent.objects.create(
        stripe_id="evt_later", type="refund.created", about="re_y", due_at=timezone.now()
    )
    settings.STRIPE_API_HOST = "http://127.0.0.1:9"  # type: ignore[attr-defined]
    upkeep.work_off_inbox()
    assert InboxEvent.objects.get(pk="evt_later").due_at is not None
    settings.STRIPE_API_HOST = was  # type: ignore[attr-defined]
    upkeep.work_off_inbox()
    assert InboxEvent.objects.get(pk="evt_later").due_at is None


def test_the_periodic_check_asks_about_everybody_once_a_day(
    desk: Desk, stripe: sdk.StripeClient
) -> None:
    desk.shop.buy("pro")
    mine = Account.objects.filter(tenant=desk.shop.tenant)
    assert money.follow_due() >= 1
    assert mine.get().money_at is not None
    assert not mine.filter(money_at=None).exists()
    before = mine.get().money_at
    money.follow_due()
    assert mine.get().money_at == before
    money.follow_due(now=timezone.now() + timedelta(days=2))
    assert mine.get().money_at > before


def wait(found: Callable[[], object]) -> None:
    import time

    for _ in range(300):
        try:
            found()
        except AssertionError:
            time.sleep(0.05)
        else:
            return
    found()
