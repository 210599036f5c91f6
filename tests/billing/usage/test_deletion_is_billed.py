"""Two clocks of one life: whatever they say, what was used is stated and billed before it is gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
import stripe as sdk

from billing import upkeep
from billing.models import UsageCharge
from billing.subscriptions import life
from events.health import Lag
from metering import periods
from metering.models import Ledger
from metering.periods import cycles
from metering.statements import close_due
from tenants.life import deletion, purge
from tenants.models import Tenant
from tests.billing.conftest import Shop
from tests.billing.stated import usage_invoices
from tests.billing.usage.test_usage_journey import click, small_plans  # noqa: F401 (fixture)
from tests.events.log import events_database, log, postgres_events, store_kind  # noqa: F401

pytestmark = pytest.mark.usefixtures("log", "small_plans")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def owner(shop: Shop):
    return shop.tenant.memberships.get(role="owner").user


LIVES = [
    *product(["month"], [HOUR, 15 * DAY, 27 * DAY], [0, 1, 7, 30, 60]),
    *product(["year"], [HOUR, 27 * DAY], [0, 30]),
]
# The ends of the range and its middle; the rest takes its time.
QUICK = {
    ("month", HOUR, 0),
    ("month", 15 * DAY, 7),
    ("month", 27 * DAY, 60),
    ("year", 27 * DAY, 30),
}
DAYS = (0, 1, 2, 7, 8, 15, 29, 30, 31, 32, 45, 60, 61, 62, 90)  # that the scheduler is looked at


def live_on(shop: Shop, *, since: datetime) -> datetime | None:
    """What the scheduler does on these days; the instant at which the workspace was purged."""
    for day in DAYS:
        for hour in (0, 2):
            now = since + day * DAY + hour * HOUR
            close_due(now=now, lag=Lag)
            upkeep.bill_usage()
            purge.purge_due(now=now)
            if Tenant.with_purged.get(pk=shop.tenant.pk).purged_at is not None:
                upkeep.bill_usage()
                return now
    return None


@pytest.mark.parametrize(
    ("interval", "after", "grace"),
    [pytest.param(*each, marks=[] if each in QUICK else [pytest.mark.thorough]) for each in LIVES],
)
def test_what_was_used_is_billed_before_the_workspace_is_gone(
    shop: Shop,
    stripe: sdk.StripeClient,
    settle: Callable[[], None],
    settings,
    interval,
    after,
    grace,
) -> None:
    settings.DELETION_GRACE_DAYS = grace
    shop.buy("pro", interval)
    click(shop, 5, settle)  # two above the three of the plan, a dollar each
    customer, deleted_at = shop.customer, datetime.now(UTC) + after
    deletion.delete(shop.tenant, by=owner(shop), now=deleted_at)
    life.follow_all()
    gone = live_on(shop, since=deleted_at)
    assert gone is not None, "it is purged in the end"
    assert gone <= deleted_at + max(grace, 1) * DAY + DAY
    charges = UsageCharge.objects.filter(tenant_id=shop.tenant.pk)
    assert sum(charge.amount for charge in charges) == 2_00
    assert [invoice.total for invoice in usage_invoices(stripe, customer)] == [2_00]


def test_a_workspace_that_comes_back_has_the_month_that_it_had(
    shop: Shop, settle: Callable[[], None]
) -> None:
    shop.buy("pro")
    click(shop, 2, settle)
    now = datetime.now(UTC)
    before = periods.current("month", tenant=shop.tenant, now=now)
    gone = deletion.delete(shop.tenant, by=owner(shop))
    assert periods.current("month", tenant=shop.tenant, now=now + HOUR).start > before.start
    deletion.restore(gone, by=owner(shop))
    assert periods.current("month", tenant=shop.tenant, now=now + HOUR) == before


def test_deleting_again_and_again_gives_no_new_allowance_each_time(
    shop: Shop, settle: Callable[[], None]
) -> None:
    shop.buy("pro")
    begun = set()
    now = datetime.now(UTC)
    for round_ in range(3):
        at = now + round_ * DAY
        gone = deletion.delete(shop.tenant, by=owner(shop), now=at)
        close_due(now=at + 3 * HOUR, lag=Lag)  # it is stated, so it cannot be taken back
        deletion.restore(gone, by=owner(shop))
        begun.add(periods.current("month", tenant=shop.tenant, now=at + 4 * HOUR).start)
    assert len(begun) == 1  # the first deletion ended the month, the others did not


def test_a_split_goes_on_with_an_anchor_that_is_heard_of_later(shop: Shop) -> None:
    anchor = datetime(2026, 3, 10, 9, tzinfo=UTC)
    cycles.set_anchor(shop.tenant, anchor, since=anchor)
    cycles.split(shop.tenant, at=anchor + 5 * DAY)
    cycles.set_anchor(shop.tenant, anchor + DAY, since=anchor + DAY)
    anchors = {cycle.anchor for cycle in cycles.read(shop.tenant.schema_name)[1:]}
    assert anchors == {anchor + DAY}


def test_nothing_is_stated_of_what_a_purge_has_begun_to_remove(
    shop: Shop, settle: Callable[[], None]
) -> None:
    """A purge that was interrupted has removed the events: their absence is no credit."""
    shop.buy("pro")
    click(shop, 5, settle)
    now = datetime.now(UTC)
    close_due(now=now, lag=Lag)
    Tenant.objects.filter(pk=shop.tenant.pk).update(status="purging")
    assert not [
        each for each in close_due(now=now + 40 * DAY, lag=Lag) if each.tenant_id == shop.tenant.pk
    ]
    assert Ledger.objects.get(tenant=shop.tenant).closed_until < now
