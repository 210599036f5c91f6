"""Who subscribed keeps the prices of that day, usage prices included, until moved on purpose."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module

import pytest
import stripe as sdk
from django.conf import settings
from django.core.management import CommandError, call_command

from billing import catalogue, entitlements
from billing.models import Account, PlanTerms, Subscription
from billing.selling import prices, pushing, terms
from billing.subscriptions import moving, subscription
from metering import Limit, Tier, Tiers, UsagePrice
from metering.models import Quota
from metering.quotas import limits
from outbound.models import Message
from tenants.models import AuditEntry
from tests.billing.conftest import Shop

BEFORE = Limit(100_000, hard=False, price=UsagePrice(1_00, per=10_000))
DEARER = Limit(50_000, hard=False, price=UsagePrice(3_00, per=10_000))
IN_TIERS = Limit(
    50_000, hard=False, price=Tiers("graduated", (Tier(10_000, 5), Tier(None, 3, flat=1_00)))
)


class Edited:
    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._module = import_module(f"{settings.PRODUCT_APP}.catalogue")
        self._patch = patch

    def pro(self, *, amount: int = 29_00, clicks: Limit = BEFORE, links: int = 1_000) -> None:
        plans = list(catalogue.plans())
        pro = catalogue.plan("pro")
        new = replace(
            pro,
            prices={**pro.prices, "month": {"usd": amount, "eur": 27_00}},
            limits={**pro.limits, "clicks": clicks, "links": Limit(links)},
        )
        edited = [new if each.key == "pro" else each for each in plans]
        self._patch.setattr(self._module, "PLANS", edited)
        call_command("sync_catalogue", verbosity=0)


@pytest.fixture
def edited(monkeypatch: pytest.MonkeyPatch, stripe: sdk.StripeClient) -> Iterator[Edited]:
    yield Edited(monkeypatch)
    monkeypatch.undo()
    pushing.push()


def clicks(shop: Shop) -> Limit:
    return limits.of_plan(shop.tenant)["clicks"]


def row(shop: Shop) -> Subscription:
    return Subscription.objects.get(stripe_id=shop.account.subscription_id)


def mails(shop: Shop) -> int:
    return Message.objects.filter(tenant_id=shop.tenant.pk, kind="billing.moved").count()


def test_a_changed_usage_price_does_not_reach_who_subscribed_before(
    shop: Shop, edited: Edited
) -> None:
    shop.buy("pro")
    assert clicks(shop) == BEFORE
    edited.pro(clicks=DEARER)
    assert clicks(shop) == BEFORE
    subscription.sync(shop.account, origin=Account.Origin.CHECK)
    assert clicks(shop) == BEFORE
    assert entitlements.refresh() == 0


def test_a_limit_that_refuses_follows_the_catalogue_at_once(shop: Shop, edited: Edited) -> None:
    shop.buy("pro")
    edited.pro(links=2_000)
    assert (shop.limit("links"), clicks(shop)) == (2_000, BEFORE)


def test_who_subscribes_afterwards_has_the_new_terms(shop: Shop, edited: Edited) -> None:
    edited.pro(clicks=IN_TIERS)
    shop.buy("pro")
    assert clicks(shop) == IN_TIERS
    assert Quota.objects.get(tenant=shop.tenant, meter="clicks").price_tiers is not None
    assert row(shop).terms == terms.current(catalogue.plan("pro"))


def test_the_terms_stand_at_stripe_and_are_found_again_from_there(
    shop: Shop, edited: Edited, stripe: sdk.StripeClient
) -> None:
    shop.buy("pro")
    digest = row(shop).terms.digest
    assert stripe.v1.subscriptions.retrieve(row(shop).stripe_id).metadata["terms"] == digest
    edited.pro(clicks=DEARER)
    Subscription.objects.filter(tenant=shop.tenant).delete()  # all that we knew is lost
    subscription.sync(shop.account, origin=Account.Origin.CHECK)
    assert (row(shop).terms.digest, clicks(shop)) == (digest, BEFORE)


def test_nobody_is_moved_without_do_and_the_preview_says_whom(
    shop: Shop, edited: Edited, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.buy("pro")
    edited.pro(amount=35_00, clicks=DEARER)
    call_command("move_subscribers", "pro", workspace=shop.tenant.slug)
    said = capsys.readouterr().out
    assert "$29.00 to $35.00 a month from" in said
    assert "the usage terms of today" in said
    assert "1 would be moved; --do moves them" in said
    assert (row(shop).amount, clicks(shop), mails(shop)) == (29_00, BEFORE, 0)


def test_who_is_moved_pays_the_new_price_from_the_next_period_and_is_told_once(
    shop: Shop, edited: Edited, stripe: sdk.StripeClient, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.buy("pro")
    edited.pro(amount=35_00, clicks=DEARER)
    for _ in range(2):
        call_command("move_subscribers", "pro", do=True, workspace=shop.tenant.slug)
    assert "1 moved, 0 failed" in (said := capsys.readouterr().out)
    assert "0 moved, 0 failed" in said  # the second run finds nobody
    assert (row(shop).amount, clicks(shop)) == (35_00, DEARER)
    assert row(shop).price_id == prices.find(catalogue.plan("pro"), "month").id
    assert mails(shop) == 1
    invoices = stripe.v1.invoices.list({"customer": shop.customer}).data
    assert [each.total for each in invoices] == [29_00]  # nothing is charged for the move
    upcoming = stripe.v1.invoices.create_preview({"subscription": row(shop).stripe_id})
    assert upcoming.total == 35_00
    entry = AuditEntry.objects.filter(tenant=shop.tenant, action="subscription.moved")
    assert entry.count() == 1


def test_a_run_is_bounded_and_the_next_one_goes_on(
    shop: Shop, edited: Edited, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.buy("pro")
    edited.pro(amount=35_00)
    moves = list(moving.due(catalogue.plan("pro"), slug=shop.tenant.slug))
    moving.make(moves[0])
    moving.make(moves[0])  # as after a crash in between
    assert not list(moving.due(catalogue.plan("pro"), slug=shop.tenant.slug))
    assert mails(shop) == 1
    with pytest.raises(CommandError, match="1 or more"):
        call_command("move_subscribers", "pro", most=0)
    with pytest.raises(CommandError, match="No plan 'magic'"):
        call_command("move_subscribers", "magic")


def test_a_run_that_is_killed_after_stripe_has_moved_them_still_mails(
    shop: Shop, edited: Edited, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.buy("pro")
    edited.pro(amount=35_00)
    [move] = moving.due(catalogue.plan("pro"), slug=shop.tenant.slug)
    with monkeypatch.context() as patch:
        patch.setattr(moving.subscription, "sync", lambda *args, **words: None)
        moving.make(move)
    assert (row(shop).amount, mails(shop)) == (29_00, 0)
    subscription.sync(shop.account, origin=Account.Origin.EVENT)
    subscription.sync(shop.account, origin=Account.Origin.EVENT)
    assert (row(shop).amount, mails(shop)) == (35_00, 1)


def test_who_comes_back_to_a_plan_was_not_moved(
    shop: Shop, edited: Edited, stripe: sdk.StripeClient
) -> None:
    shop.buy("pro")
    edited.pro(amount=35_00)
    call_command("move_subscribers", "pro", do=True, workspace=shop.tenant.slug)
    moved = row(shop).price_id
    shop.change(plan="business")
    [item] = stripe.v1.subscriptions.retrieve(row(shop).stripe_id)["items"].data
    stripe.v1.subscriptions.update(
        row(shop).stripe_id, {"items": [{"id": item.id, "price": moved}]}
    )
    subscription.sync(shop.account, origin=Account.Origin.EVENT)
    assert (row(shop).amount, mails(shop)) == (35_00, 1)


def test_a_subscriber_who_left_in_between_is_not_moved(
    shop: Shop, edited: Edited, stripe: sdk.StripeClient
) -> None:
    shop.buy("pro")
    edited.pro(amount=35_00)
    [move] = moving.due(catalogue.plan("pro"), slug=shop.tenant.slug)
    stripe.v1.subscriptions.cancel(move.row.stripe_id)
    with pytest.raises(subscription.NoSubscription):
        moving.make(move)
    assert mails(shop) == 0


def test_a_change_of_interval_is_under_the_terms_of_today(shop: Shop, edited: Edited) -> None:
    shop.buy("pro")
    edited.pro(clicks=DEARER)
    shop.change(plan="pro", interval="year")
    assert (shop.account.interval, clicks(shop)) == ("year", DEARER)


def test_the_same_terms_are_one_row_whatever_the_order(db: None) -> None:
    plan = catalogue.plan("pro")
    turned = replace(plan, limits=dict(reversed(plan.limits.items())))
    assert terms.current(plan) == terms.current(turned)
    assert PlanTerms.objects.filter(plan_key="pro", digest=terms.current(plan).digest).count() == 1


def test_a_dry_run_says_it_and_does_nothing(
    shop: Shop, edited: Edited, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = import_module(f"{settings.PRODUCT_APP}.catalogue")
    pro = replace(catalogue.plan("pro"), prices={"month": {"usd": 31_00, "eur": 30_00}})
    monkeypatch.setattr(module, "PLANS", [catalogue.plans()[0], pro])
    call_command("sync_catalogue", dry_run=True)
    said = capsys.readouterr().out
    assert "nothing is done (--dry-run)" in said
    assert "price pro_month is 3100 usd" in said
    assert "price pro_month_eur is 3000 eur" in said
    assert "product plg_business archived" in said
    monkeypatch.undo()
    assert pushing.push() == []


def test_a_wrong_catalogue_is_not_sent(edited: Edited, monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module(f"{settings.PRODUCT_APP}.catalogue")
    monkeypatch.setattr(module, "PLANS", list(reversed(catalogue.plans())))
    with pytest.raises(CommandError, match="the first plan must be free"):
        call_command("sync_catalogue")


# Coupons and promotion codes


def test_coupons_and_codes_are_made_once_and_a_changed_one_is_another(
    edited: Edited, monkeypatch: pytest.MonkeyPatch, stripe: sdk.StripeClient
) -> None:
    module = import_module(f"{settings.PRODUCT_APP}.catalogue")

    def sell(percent: float | None, *codes: str) -> list[str]:
        coupon = catalogue.Coupon(key="launch", name="Launch", percent=percent)
        monkeypatch.setattr(module, "COUPONS", [coupon], raising=False)
        listed = [catalogue.PromotionCode(code=code, coupon="launch") for code in codes]
        monkeypatch.setattr(module, "PROMOTION_CODES", listed, raising=False)
        return pushing.push()

    coupon, code = sell(20, "LAUNCH")
    assert re.fullmatch(r"coupon plg_launch_\w{8} created", coupon)
    assert code == f"promotion code LAUNCH made for {coupon.split()[1]}"
    assert sell(20, "LAUNCH") == []
    lines = sell(30, "LAUNCH")
    assert [line.split(" ")[0] for line in lines] == ["coupon", "promotion", "promotion"]
    asked = {"code": "LAUNCH", "active": True, "expand": ["data.promotion.coupon"]}
    [at_stripe] = stripe.v1.promotion_codes.list(asked).data
    assert at_stripe.promotion.coupon.percent_off == 30
    assert sell(30) == ["promotion code LAUNCH ended"]
