"""Where parts of a subscription's life meet: each works alone, and beside the others."""

from __future__ import annotations

from datetime import timedelta

import pytest
import stripe as sdk
from django.utils import timezone

from billing import catalogue, entitlements, granting, upkeep
from billing.entitlements import NotGranted
from billing.models import Account, Subscription
from billing.subscriptions import life, moving, subscription
from metering.quotas import limits
from tenants.models import AuditEntry, Status, Tenant
from tests.billing.conftest import Shop
from tests.billing.subscriptions.clocked import HOUR, Clocked, clocked, due

PRO, BUSINESS = 29_00, 99_00
DAY = 24 * HOUR


@pytest.fixture
def books(shop: Shop, stripe: sdk.StripeClient) -> Clocked:
    return clocked(shop, stripe)


def entries(books: Clocked, action: str) -> int:
    return AuditEntry.objects.filter(tenant=books.shop.tenant, action=action).count()


def heard(books: Clocked) -> None:
    subscription.sync(books.shop.account, origin=Account.Origin.EVENT)


def ends_on(books: Clocked, at: int) -> None:
    """Somebody sets a day at Stripe, which is no end of a period."""
    books.stripe.v1.subscriptions.update(books.id, {"cancel_at": at})
    heard(books)


def keep_card(books: Clocked) -> None:
    """With the customer, before anything is bought."""
    method = books.stripe.v1.payment_methods.attach(
        "pm_card_visa", {"customer": books.shop.customer}
    )
    settings = {"default_payment_method": method.id}
    books.stripe.v1.customers.update(books.shop.customer, {"invoice_settings": settings})  # type: ignore[typeddict-item]


def try_pro(books: Clocked) -> None:
    books.shop.owner.post("/billing/trial/", {"plan": "pro", "interval": "month"})
    assert books.row.status == "trialing"


def test_an_offer_waits_until_a_scheduled_downgrade_has_come_and_lasts_then(books: Clocked) -> None:
    books.buy("business")
    books.shop.change(plan="pro")
    books.shop.owner.post("/billing/cancellation/offer/")
    assert (books.row.discounts, books.shop.account.offer_taken_at) == ([], None)
    books.renew()
    answer = books.shop.owner.post("/billing/scheduled/revoke/", follow=True)
    assert "Nothing is scheduled any more" in answer.content.decode()  # it has come
    books.shop.owner.post("/billing/cancellation/offer/")
    books.renew()
    assert books.totals() == [BUSINESS, PRO, PRO // 2]


def test_to_take_back_what_has_ended_meanwhile_is_said_and_noticed(books: Clocked) -> None:
    books.buy("business")
    books.shop.change(plan="pro")
    books.stripe.v1.subscriptions.cancel(books.id)
    answer = books.shop.owner.post("/billing/scheduled/revoke/")
    assert (answer.status_code, books.shop.account.plan_key) == (409, "free")
    assert "There is no subscription to change" in answer.content.decode()


def test_an_end_on_a_day_that_was_set_at_stripe_is_taken_back(books: Clocked) -> None:
    books.buy("pro")
    ends_on(books, books.now() + 10 * DAY)
    books.shop.owner.post("/billing/resume/")
    assert books.shop.account.cancel_at is None
    ends_on(books, books.now() + 10 * DAY)
    page = books.shop.look(plan="business")
    assert "Your cancellation is taken back" in page
    books.shop.confirm(page)
    assert (books.shop.account.cancel_at, books.totals()) == (None, [PRO, due(page)])


def test_a_deleted_workspace_pays_for_no_further_period_whatever_day_was_set(
    books: Clocked,
) -> None:
    books.buy("pro")
    ends_on(books, books.now() + 200 * DAY)
    Tenant.objects.filter(pk=books.shop.tenant.pk).update(status=Status.DELETED)
    life.follow_all()
    assert books.shop.account.cancel_at == books.row.period_end


def test_a_trial_that_was_cancelled_can_still_be_bought(books: Clocked) -> None:
    try_pro(books)
    books.shop.owner.post("/billing/cancel/")
    assert books.row.cancel_at is not None
    books.buy("pro")
    assert (books.shop.account.status, books.row.cancel_at) == ("trialing", None)


def test_a_trial_that_the_customers_card_will_pay_can_be_changed(books: Clocked) -> None:
    keep_card(books)
    try_pro(books)
    page = books.shop.look(plan="business")
    assert due(page) == BUSINESS
    books.shop.confirm(page)
    assert (books.shop.account.plan_key, books.totals()) == ("business", [0, BUSINESS])


def test_a_trial_that_was_made_longer_is_bought_from_its_new_end_on(books: Clocked) -> None:
    try_pro(books)
    books.shop.start_checkout("pro")
    until = timezone.now() + timedelta(days=30)
    wish = granting.Wish(what="trial", until=until, reason="They asked.")
    granting.give(books.shop.tenant, wish, by=None)
    books.buy("pro")
    assert books.row.trial_end == until.replace(microsecond=0)


def test_who_has_scheduled_a_change_is_not_moved_before_it_has_come(books: Clocked) -> None:
    books.buy("team", seats="4")
    books.shop.change(plan="team", seats=2)
    Subscription.objects.filter(stripe_id=books.id).update(price_id="price_of_before")
    team, slug = catalogue.plan("team"), books.shop.tenant.slug
    assert list(moving.due(team, slug=slug)) == []
    books.shop.owner.post("/billing/scheduled/revoke/")
    Subscription.objects.filter(stripe_id=books.id).update(price_id="price_of_before")
    assert len(list(moving.due(team, slug=slug))) == 1


def test_a_subscription_whose_plan_is_lost_is_kept_and_ends_by_its_name(books: Clocked) -> None:
    books.buy("pro")
    books.card("pm_card_chargeCustomerFail")
    books.renew()
    books.pass_until(books.now() + 15 * DAY)
    assert (books.shop.account.grace_ended, books.shop.account.plan_key) == (True, "free")
    books.shop.owner.post("/billing/cancel/")
    answer = books.shop.owner.post("/billing/resume/", follow=True)
    assert "Pro goes on" in answer.content.decode()
    books.stripe.v1.subscriptions.cancel(books.id)
    heard(books)
    assert entries(books, "subscription.canceled") == 2


def test_a_downgrade_whose_first_invoice_fails_is_paid_later_and_has_come_once(
    books: Clocked,
) -> None:
    books.buy("business")
    coupon = books.stripe.v1.coupons.create({"percent_off": 50, "duration": "once"})
    books.stripe.v1.subscriptions.update(books.id, {"discounts": [{"coupon": coupon.id}]})
    heard(books)
    page = books.shop.look(plan="pro")
    assert due(page, "You pay then") == PRO // 2
    books.shop.confirm(page)
    books.card("pm_card_chargeCustomerFail")
    books.renew()
    assert (books.shop.account.plan_key, books.shop.account.status) == ("pro", "past_due")
    books.pass_until(books.now() + 15 * DAY)
    assert books.shop.account.plan_key == "free"
    books.card("pm_card_visa")
    books.shop.owner.post("/billing/payment/")
    assert (books.shop.account.plan_key, books.shop.account.status) == ("pro", "active")
    books.renew()
    assert books.totals() == [BUSINESS, PRO // 2, PRO]


def test_a_credit_pays_for_an_upgrade_as_far_as_it_goes(books: Clocked) -> None:
    books.buy("pro")
    at = books.pass_part(1 / 2)
    wish = granting.Wish(what="credit", until=timezone.now() + timedelta(days=300),
                         reason="An outage.", amount=20_00, currency="usd")  # fmt: skip
    granting.give(books.shop.tenant, wish, by=None)
    page = books.shop.look(plan="business")
    total = books.part(BUSINESS, at) - books.part(PRO, at)
    assert due(page) == total - 20_00
    books.shop.confirm(page)
    [newest] = books.stripe.v1.invoices.list({"customer": books.shop.customer, "limit": 1}).data
    assert (newest.total, newest.amount_paid) == (total, total - 20_00)


def test_a_cancelled_trial_is_not_made_longer_in_vain(books: Clocked) -> None:
    try_pro(books)
    books.shop.owner.post("/billing/cancel/")
    wish = granting.Wish(what="trial", until=timezone.now() + timedelta(days=30), reason="Asked.")
    with pytest.raises(NotGranted, match="Keep it first"):
        granting.give(books.shop.tenant, wish, by=None)


def test_a_granted_plan_takes_nothing_away(books: Clocked) -> None:
    books.buy("pro")
    meters = ("links", "seats", "clicks", "storage", "api_calls")
    bought = {key: limits.of_plan(books.shop.tenant)[key].value for key in meters}
    until = timezone.now() + timedelta(days=30)
    wish = granting.Wish(what="plan", plan="team", until=until, reason="An outage.")
    given = granting.give(books.shop.tenant, wish, by=None)
    held = {key: limits.of_plan(books.shop.tenant)[key].value for key in meters}
    assert held == {**bought, "links": 1_400}  # two seats of Team; else Pro has more
    assert entitlements.limit(books.shop.tenant, "seats").limit.value == 10
    granting.revoke(books.shop.tenant, f"grant-{given.pk}", by=None)
    assert {key: limits.of_plan(books.shop.tenant)[key].value for key in meters} == bought


def test_nothing_is_noted_of_a_purged_workspace(books: Clocked) -> None:
    books.buy("pro")
    ends = timezone.now() + timedelta(days=3)
    wish = granting.Wish(what="credit", until=ends, reason="Why.", amount=20_00, currency="usd")
    granting.give(books.shop.tenant, wish, by=None)
    mine = Tenant.objects.filter(pk=books.shop.tenant.pk)
    mine.update(status=Status.DELETED, purged_at=timezone.now())
    log = AuditEntry.objects.filter(tenant_id=books.shop.tenant.pk)
    log.delete()
    granting.settle_due(now=ends)
    books.stripe.v1.customers.delete(books.shop.customer)
    upkeep.ask_about(Account.objects.filter(tenant_id=books.shop.tenant.pk))
    assert (books.shop.account.stripe_customer_id, log.count()) == (None, 0)


def test_a_code_for_two_years_is_in_the_next_invoice_of_who_goes_to_years(books: Clocked) -> None:
    books.buy("pro")
    coupon = {"percent_off": 50, "duration": "repeating", "duration_in_months": 24}
    made = books.stripe.v1.coupons.create(coupon)  # type: ignore[arg-type]
    code = books.stripe.v1.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": made.id}}
    )
    page = books.shop.look(plan="pro", interval="year", code=code.code)
    assert due(page, "You pay then") == 145_00


def test_a_discount_that_has_ended_comes_not_back_with_a_scheduled_change(books: Clocked) -> None:
    books.buy("business", interval="year")
    coupon = {"percent_off": 50, "duration": "repeating", "duration_in_months": 1}
    made = books.stripe.v1.coupons.create(coupon)  # type: ignore[arg-type]
    books.stripe.v1.subscriptions.update(books.id, {"discounts": [{"coupon": made.id}]})
    heard(books)
    page = books.shop.look(plan="pro", interval="month")
    books.shop.confirm(page)
    while books.shop.account.interval == "year":
        books.pass_until(books.now() + 50 * DAY)
    books.pass_until(books.now() + 2 * HOUR)
    assert (books.totals()[1], due(page, "You pay then")) == (PRO, PRO)
