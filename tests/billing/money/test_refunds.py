"""A refund by staff: to the cent, once, never more than was paid, and told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import stripe as sdk
from django.utils import timezone

from billing import money, upkeep
from billing.models import Account, MoneyEntry, StaffRefund
from billing.money import refunding
from outbound.models import Message
from tenants.models import AuditEntry
from tests.billing.conftest import Shop, at_once
from tests.billing.faults import FAULTS, Faults, Kind
from tests.billing.money.conftest import Desk


def given_back(stripe: sdk.StripeClient, payment: MoneyEntry) -> list[int]:
    """The refunds that Stripe has of a payment, the oldest first."""
    listed = stripe.v1.refunds.list({"charge": payment.stripe_id, "limit": 100}).data
    return [each.amount for each in reversed(listed)]


def mails(desk: Desk) -> int:
    return Message.objects.filter(tenant_id=desk.shop.tenant.pk, kind="billing.refunded").count()


def told(desk: Desk) -> int:
    return AuditEntry.objects.filter(tenant=desk.shop.tenant, action="payment.refunded").count()


def test_all_of_a_payment_goes_back_in_two_clicks_with_a_reason(
    desk: Desk, stripe: sdk.StripeClient
) -> None:
    desk.shop.buy("pro")
    payment = desk.payment()
    page = desk.history()
    assert f"refunds/{payment.stripe_id}/" in page
    form = desk.client.get(desk.path(f"refunds/{payment.stripe_id}/")).content.decode()
    assert 'value="29.00"' in form
    answer = desk.refund(payment, "29.00")
    assert (answer.status_code, answer["Location"]) == (302, desk.path("money/"))
    assert given_back(stripe, payment) == [29_00]
    [note] = stripe.v1.credit_notes.list({"customer": desk.shop.customer}).data
    assert (note.total, note.invoice) == (29_00, payment.invoice_id)
    payment.refresh_from_db()
    assert payment.rest == 0
    row = StaffRefund.objects.get(tenant=desk.shop.tenant)
    assert (row.stripe_id, row.by, row.reason) == (note.id, desk.user, "Charged twice.")
    assert (mails(desk), told(desk)) == (1, 1)
    page = desk.history()
    assert "Charged twice." in page
    assert desk.user.email in page
    assert f"refunds/{payment.stripe_id}/" not in page, "nothing is left of it"
    listed = desk.client.get("/staff/revenue/disputes/?show=refunds").content.decode()
    assert "$29.00" in listed
    assert "Charged twice." in listed
    upkeep.ask_stripe()
    money.follow(desk.shop.account)
    assert (mails(desk), told(desk)) == (1, 1), "told once, however often it is read"
    assert desk.shop.account.plan_key == "pro", "the plan stays"


def test_parts_go_back_until_nothing_is_left(desk: Desk, stripe: sdk.StripeClient) -> None:
    desk.shop.buy("pro")
    payment = desk.payment()
    desk.refund(payment, "9.99")
    payment.refresh_from_db()
    assert payment.rest == 19_01
    refused = desk.refund(payment, "19.02")
    assert refused.status_code == 409
    assert "Only $19.01 of it are left" in refused.content.decode()
    desk.refund(payment, "19.01")
    payment.refresh_from_db()
    assert given_back(stripe, payment) == [9_99, 19_01]
    assert desk.refund(payment, "0.01").status_code == 409
    assert given_back(stripe, payment) == [9_99, 19_01]
    assert mails(desk) == 2


def test_no_other_amount_is_taken(desk: Desk, stripe: sdk.StripeClient) -> None:
    desk.shop.buy("pro")
    payment = desk.payment()
    for amount in ["", "0", "-1", "29.01", "1.001", "1e9", "NaN", "x", "\x00"]:
        assert desk.refund(payment, amount).status_code == 400, amount
    assert given_back(stripe, payment) == []
    assert desk.refund(payment, "1.00", reason=" ").status_code == 400


def test_a_form_that_is_sent_twice_is_one_refund(desk: Desk, stripe: sdk.StripeClient) -> None:
    desk.shop.buy("pro")
    payment, key = desk.payment(), str(uuid4())
    for _ in range(3):
        assert desk.refund(payment, "5.00", key=key).status_code == 302
    assert given_back(stripe, payment) == [5_00]
    assert desk.refund(payment, "6.00", key=key).status_code == 409, "the key of another wish"
    assert (mails(desk), told(desk)) == (1, 1)


def test_who_decided_by_what_is_not_so_any_more_is_told(
    desk: Desk, stripe: sdk.StripeClient
) -> None:
    """Two people at once: each has seen 29.00, and gives back ten."""
    desk.shop.buy("pro")
    payment = desk.payment()
    seen = payment.rest
    desk.refund(payment, "10.00", seen=seen)
    second = desk.refund(payment, "10.00", seen=seen)
    assert second.status_code == 409
    assert "Somebody gave back a part of it meanwhile: $19.00 are left" in second.content.decode()
    assert given_back(stripe, payment) == [10_00]


@pytest.mark.thorough
def test_a_stripe_that_fails_gives_back_nothing_twice(
    desk: Desk, stripe: sdk.StripeClient, faults: Faults
) -> None:
    desk.shop.buy("pro")
    kinds: tuple[Kind, ...] = FAULTS
    for number, kind in enumerate(kinds, 1):
        payment, key = desk.payment(), str(uuid4())
        with faults.on("/v1/credit_notes", kind):
            answer = desk.refund(payment, "5.25", key=key)
        assert answer.status_code == 503, kind
        assert "it is not given back twice" in answer.content.decode().replace("&#x27;", "'")
        assert key in answer.content.decode(), "the same wish, to be sent once more"
        assert desk.refund(payment, "5.25", key=key).status_code == 302, kind
        assert given_back(stripe, payment) == [5_25] * number, kind
        assert (mails(desk), told(desk)) == (number, number), kind


def test_who_does_not_press_again_is_found_by_the_periodic_check(
    desk: Desk, stripe: sdk.StripeClient, faults: Faults
) -> None:
    desk.shop.buy("pro")
    payment = desk.payment()
    with faults.on("/v1/credit_notes", "lost"):
        desk.refund(payment, "7.25")
    with faults.on("/v1/credit_notes", "away"):
        desk.refund(payment, "1.00", seen=payment.rest - 7_25)
    made, lost = StaffRefund.objects.filter(tenant=desk.shop.tenant).order_by("-amount")
    assert (made.stripe_id, lost.stripe_id) == (None, None)
    assert refunding.settle_unsure(now=timezone.now() + timedelta(days=2)) == 2
    made.refresh_from_db()
    lost.refresh_from_db()
    assert made.stripe_id
    assert (lost.stripe_id, lost.refused) == (None, "Stripe never had it.")
    assert (mails(desk), told(desk)) == (1, 1)


def test_a_refund_in_the_dashboard_is_told_once(desk: Desk, stripe: sdk.StripeClient) -> None:
    desk.shop.buy("pro")
    payment = desk.payment()
    stripe.v1.refunds.create({"charge": payment.stripe_id, "amount": 3_00})
    for _ in range(2):
        money.follow(desk.shop.account)
    assert (mails(desk), told(desk)) == (1, 1)
    assert "$3.00" in desk.client.get("/staff/revenue/disputes/?show=refunds").content.decode()


def test_a_payment_of_another_workspace_is_not_there(desk: Desk, globex: object) -> None:
    desk.shop.buy("pro")
    payment = desk.payment()
    path = f"/staff/workspaces/{globex.pk}/refunds/{payment.stripe_id}/"  # type: ignore[attr-defined]
    assert desk.client.get(path).status_code == 404
    assert desk.client.post(path, {"amount": "1"}).status_code == 404


def test_in_euros(desk: Desk, stripe: sdk.StripeClient) -> None:
    answer = desk.shop.owner.post(
        "/billing/checkout/", {"plan": "pro", "interval": "year", "currency": "eur"}
    )
    from tests.billing.simulated import pay

    desk.shop.owner.get(pay(answer["Location"]).partition("/billing")[2].join(["/billing", ""]))
    payment = desk.payment()
    assert (payment.amount, payment.currency) == (270_00, "eur")
    assert desk.refund(payment, "22.50").status_code == 302
    assert given_back(stripe, payment) == [22_50]
    assert "€22.50" in desk.history()
    assert Account.objects.get(tenant=desk.shop.tenant).pays_in == "eur"


def test_two_of_the_staff_at_the_same_moment_give_back_once(
    open_shop: Callable[[], Shop], stripe: sdk.StripeClient
) -> None:
    """Each has seen the whole payment and gives all of it back; and one of them clicks twice."""
    shop = open_shop()
    shop.buy("pro")
    money.follow(shop.account)
    payment = MoneyEntry.objects.get(tenant=shop.tenant, kind="payment")
    first, second = uuid4(), uuid4()

    def give(key: UUID) -> object:
        try:
            return refunding.refund(
                shop.tenant, payment.stripe_id, key=key, amount=29_00, seen_rest=29_00,
                reason="Charged twice.", by=None,
            )  # fmt: skip
        except refunding.NotRefunded as refused:
            return str(refused)

    results = at_once(lambda: give(first), lambda: give(second), lambda: give(first))
    assert given_back(stripe, payment) == [29_00]
    assert len([each for each in results if each == "All of it was given back already."]) in (1, 2)
    told = AuditEntry.objects.filter(tenant=shop.tenant, action="payment.refunded")
    assert told.count() == 1
    assert Message.objects.filter(tenant_id=shop.tenant.pk, kind="billing.refunded").count() == 1
