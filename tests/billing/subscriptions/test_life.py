"""A subscription ends with its workspace, and comes back with it."""

from __future__ import annotations

import pytest

from billing import upkeep
from billing.subscriptions import life, subscription
from tenants.life import deletion
from tenants.models import AuditEntry, Tenant
from tests.billing.conftest import Shop


@pytest.fixture
def deleted(shop: Shop) -> Tenant:
    shop.buy("pro")
    return deletion.delete(shop.tenant, by=owner_of(shop))


def owner_of(shop: Shop):
    return shop.tenant.memberships.get(role="owner").user


def test_a_deleted_workspace_is_not_charged_again(shop: Shop, deleted: Tenant) -> None:
    upkeep.follow_life(str(shop.tenant.pk))
    assert shop.account.cancel_at is not None
    assert AuditEntry.objects.for_tenant(shop.tenant).filter(action="subscription.canceled")


def test_a_workspace_that_is_brought_back_keeps_its_plan(shop: Shop, deleted: Tenant) -> None:
    upkeep.follow_life(str(shop.tenant.pk))
    deletion.restore(deleted, by=owner_of(shop))
    upkeep.follow_life(str(shop.tenant.pk))
    assert shop.account.cancel_at is None
    assert shop.account.plan_key == "pro"


def test_who_had_cancelled_before_is_still_cancelled_afterwards(shop: Shop) -> None:
    shop.buy("pro")
    subscription.cancel(shop.account, by=owner_of(shop))
    gone = deletion.delete(shop.tenant, by=owner_of(shop))
    life.follow(shop.account)
    deletion.restore(gone, by=owner_of(shop))
    life.follow(shop.account)
    assert shop.account.cancel_at is not None


def test_an_open_checkout_is_closed_with_the_workspace(shop: Shop) -> None:
    shop.start_checkout("pro")
    deletion.delete(shop.tenant, by=owner_of(shop))
    upkeep.follow_life(str(shop.tenant.pk))
    assert not shop.account.checkout_open


def test_the_periodic_check_does_it_when_no_worker_did(shop: Shop, deleted: Tenant) -> None:
    assert life.unsettled().filter(tenant=shop.tenant).exists()
    upkeep.ask_stripe()
    assert shop.account.cancel_at is not None
    assert not life.unsettled().filter(tenant=shop.tenant).exists()


def test_who_bought_or_changed_a_plan_is_in_the_audit_log(shop: Shop) -> None:
    shop.buy("pro")
    rows = AuditEntry.objects.for_tenant(shop.tenant).filter(by=owner_of(shop))
    assert {"checkout.started", "plan.changed"} <= set(rows.values_list("action", flat=True))
