"""Use before a change of plan is priced by the terms before it, and use after it by those after, to the
cent; so say the usage page, the limit of money, the statements and the invoice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
import stripe as sdk

from billing import exporting
from billing.models import UsageCharge
from events.health import Lag
from metering import Limit, Tier, Tiers, UsagePrice, quotas
from metering.asking import current_usage
from metering.definitions import Part, cost_of
from metering.models import BillingCycle, Ledger, Statement, Terms
from metering.periods import cycles
from metering.quotas import OwnLimits
from metering.statements import broken, close_due
from tests.billing.conftest import Shop
from tests.billing.stated import lines, usage_invoices
from tests.events.log import Log, an_event, events_database, log, postgres_events, store_kind  # noqa: F401

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PRO = Limit(100, hard=False, price=UsagePrice(10))
BUSINESS = Limit(1_000, hard=False, price=UsagePrice(3))


@pytest.fixture
def start() -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - 20 * DAY


@pytest.fixture
def workspace(shop: Shop, start: datetime, log: Log) -> Iterator[Shop]:  # noqa: F811
    """It has Pro's terms since its month began, twenty days ago."""
    shop.buy("pro")
    tenant = shop.tenant
    BillingCycle.objects.for_tenant(tenant).delete()
    Ledger.objects.for_tenant(tenant).delete()
    Terms.objects.for_tenant(tenant).delete()
    type(tenant).objects.filter(pk=tenant.pk).update(created_at=start)
    cycles.set_anchor(tenant, start, since=start)
    cycles.forget()
    change(shop, PRO, start - HOUR)
    yield shop
    cycles.forget()


def change(shop: Shop, limit: Limit, since: datetime) -> None:
    quotas.set_limits(shop.tenant, {"clicks": limit}, currency="usd")
    newest = Terms.objects.for_tenant(shop.tenant).filter(meter="clicks").order_by("-pk")[0]
    Terms.objects.filter(pk=newest.pk).update(since=since)


def use(log: Any, shop: Shop, times: int, at: datetime) -> None:  # noqa: F811
    schema = shop.tenant.schema_name
    log.store.append([an_event(tenant=schema, time=at) for _ in range(times)])


def close(shop: Shop, start: datetime, *, months: int = 1) -> list[int]:
    close_due(now=start + months * 31 * DAY + 2 * HOUR, lag=Lag)
    exporting.bring(shop.tenant)
    assert list(broken(shop.tenant)) == []
    rows = UsageCharge.objects.filter(tenant=shop.tenant).order_by("pk")
    return [row.amount for row in rows]


def test_an_upgrade_prices_what_was_used_before_it_by_the_lower_plan(
    workspace: Shop,
    start: datetime,
    log: Log,  # noqa: F811
    stripe: sdk.StripeClient,
) -> None:
    use(log, workspace, 300, start + DAY)
    change(workspace, BUSINESS, start + 2 * DAY)
    use(log, workspace, 800, start + 2 * DAY)  # the first instant of the new terms
    owner = workspace.owner
    assert "$23.00" in owner.get("/usage/").content.decode()
    assert "$23.00" in workspace.page()
    # A limit of money: $20 are spent, 3 more dollars have bought 100; another dollar buys 33.
    quotas.set_own_limits(workspace.tenant, OwnLimits(money=24_00), by=None)
    assert quotas.limits_of(workspace.tenant)["clicks"].value == 1_100 + 33
    quotas.set_own_limits(workspace.tenant, OwnLimits(money=19_00), by=None)
    assert quotas.limits_of(workspace.tenant)["clicks"].value == 1_000, "what is included is free"
    assert current_usage(workspace.tenant, "clicks") == 1_100
    assert close(workspace, start) == [20_00, 3_00]
    [invoice] = usage_invoices(stripe, workspace.customer)
    assert [amount for _, amount in lines(invoice)] == [20_00, 3_00]
    parts = Statement.objects.filter(tenant=workspace.tenant, meter="clicks").order_by("number")
    assert [(part.value, part.included) for part in parts] == [(300, 100), (800, 1_000)]
    assert {part.month_start for part in parts} == {start}


def test_to_upgrade_for_the_last_second_and_back_saves_nothing(
    workspace: Shop,
    start: datetime,
    log: Log,  # noqa: F811
) -> None:
    use(log, workspace, 900, start + DAY)
    change(workspace, BUSINESS, start + 19 * DAY)
    change(workspace, PRO, start + 19 * DAY + timedelta(seconds=1))
    use(log, workspace, 10, start + 19 * DAY + HOUR)
    assert close(workspace, start) == [80_00, 0, 1_00]


def test_what_comes_late_for_a_part_is_priced_by_it_and_moves_what_is_left_for_the_next(
    workspace: Shop,
    start: datetime,
    log: Log,  # noqa: F811
) -> None:
    use(log, workspace, 50, start + DAY)
    change(workspace, Limit(60, hard=False, price=UsagePrice(1)), start + 2 * DAY)
    use(log, workspace, 20, start + 3 * DAY)
    assert close(workspace, start) == [0, 10]
    use(log, workspace, 60, start + DAY)  # late, before the change, when the month is closed
    # Of 110 then 10 were above Pro's 100; the 20 after the change are all above 60 now.
    assert close(workspace, start, months=2)[2:] == [1_00 + 10]
    late = UsageCharge.objects.get(tenant=workspace.tenant, adjustment__isnull=False)
    assert late.quantity == 10 + 10


def test_what_exists_costs_each_parts_share_of_the_month() -> None:
    ten, one = (
        Limit(0, hard=False, price=UsagePrice(10)),
        Limit(50, hard=False, price=UsagePrice(1)),
    )
    parts = [
        Part(ten, Decimal(30), share=Fraction(1, 3)),
        Part(one, Decimal(250), share=Fraction(2, 3)),
    ]
    assert [each.amount for each in cost_of(parts, of_level=True)] == [1_00, 1_33]


def test_tiers_go_on_where_the_part_before_stopped() -> None:
    tiers = Limit(10, hard=False, price=Tiers("graduated", (Tier(5, 1_00), Tier(None, 50))))
    other = Limit(0, hard=False, price=Tiers("graduated", (Tier(20, 30), Tier(None, 10, flat=7))))
    parts = [Part(tiers, Decimal(13)), Part(other, Decimal(9)), Part(tiers, Decimal(1))]
    costs = [each.amount for each in cost_of(parts, of_level=False)]
    assert costs == [3_00, 7 * 30 + 2 * 10 + 7, 50]


def test_what_was_used_while_nothing_could_be_charged_costs_nothing_later(
    workspace: Shop,
    start: datetime,
    log: Log,  # noqa: F811
) -> None:
    """A trial without a card, for which a card was given in the middle of the month."""
    change(workspace, Limit(100, hard=False), start - HOUR / 2)
    use(log, workspace, 300, start + DAY)
    change(workspace, PRO, start + 2 * DAY)
    use(log, workspace, 50, start + 3 * DAY)
    assert "$5.00" in workspace.page()
    assert [each for each in close(workspace, start) if each] == [5_00]
