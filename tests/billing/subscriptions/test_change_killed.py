"""A web that is killed while it changes a plan: the next click, or the periodic check, finds what was done,
and nothing is charged twice, lost, or told twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import stripe as sdk

from billing import upkeep
from billing.models import Account, Subscription
from outbound.models import Message
from tests.billing.conftest import Shop
from tests.billing.killed import killed_at

pytestmark = pytest.mark.thorough


@pytest.fixture
def shop(open_shop: Callable[[], Shop]) -> Shop:
    return open_shop()


def heal(shop: Shop, page: str, how: str) -> None:
    """By a second click on the same page, or by the check, which asks about nobody else."""
    assert shop.account.must_ask
    if how == "click":
        assert shop.confirm(page).status_code == 302
    else:
        mine = Account.objects.filter(tenant=shop.tenant, must_ask=True)
        assert upkeep.ask_about(mine) == 1
        assert not shop.account.must_ask


def paid(shop: Shop, stripe: sdk.StripeClient) -> int:
    listed = stripe.v1.invoices.list({"customer": shop.customer}).data
    assert all(each.status == "paid" for each in listed)
    return len(listed)


def told(shop: Shop, kind: str) -> int:
    return Message.objects.filter(tenant_id=shop.tenant.pk, kind=f"billing.{kind}").count()


@pytest.mark.parametrize(
    ("step", "how", "made"),
    [
        ("billing.change-asked", "click", True),
        ("billing.change-made", "click", True),
        ("billing.change-made", "check", True),
        ("billing.asked", "click", True),
        ("billing.written", "check", True),
        ("billing.change-asked", "check", False),
    ],
)
def test_an_upgrade_is_charged_once(
    shop: Shop, stripe: sdk.StripeClient, step: str, how: str, made: bool
) -> None:
    shop.buy("pro")
    page = shop.look(plan="business")
    killed_at(step, lambda: shop.confirm(page))
    assert shop.account.plan_key == "pro"
    heal(shop, page, how)
    assert shop.account.plan_key == ("business" if made else "pro")
    assert (paid(shop, stripe), told(shop, "plan_changed")) == ((2, 2) if made else (1, 1))


@pytest.mark.parametrize(
    ("step", "how", "made"),
    [
        ("billing.schedule-begun", "click", True),
        ("billing.schedule-begun", "check", False),
        ("billing.change-made", "click", True),
        ("billing.change-made", "check", True),
    ],
)
def test_a_downgrade_is_scheduled_once(
    shop: Shop, stripe: sdk.StripeClient, step: str, how: str, made: bool
) -> None:
    shop.buy("business")
    page = shop.look(plan="pro")
    killed_at(step, lambda: shop.confirm(page))
    heal(shop, page, how)
    row = Subscription.objects.get(stripe_id=shop.account.subscription_id)
    assert row.scheduled_plan_key == ("pro" if made else "")
    listed = stripe.v1.subscription_schedules.list({"customer": shop.customer}).data
    assert (len(listed), paid(shop, stripe), told(shop, "change_scheduled")) == (1, 1, int(made))
    if not made:  # one that was begun and says nothing is no obstacle
        shop.change(plan="pro")
        row.refresh_from_db()
        assert row.scheduled_plan_key == "pro"
