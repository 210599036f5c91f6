"""Both exporters, killed with SIGKILL before and after each of their steps, and taken up again by the next
process: nothing is charged twice, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import ModuleType

import pytest
import stripe as sdk

from billing import exporting
from billing.exporting.meter_events import counting, holding, items, rounds, sending
from billing.models import UsageCharge, UsageInvoice
from billing.subscriptions import held_drafts, usage_invoices
from billing.usage import usage_charges
from events.health import Lag
from metering.periods import cycles
from metering.rollups import trust
from metering.statements import closing
from tests.billing import stated
from tests.billing.conftest import Shop
from tests.billing.exporting.conftest import HOUR, Metered
from tests.billing.killed import is_killed_around
from tests.billing.simulated import Simulator
from tests.events.log import Log, events_database, log, postgres_events, store_kind  # noqa: F401

pytestmark = pytest.mark.thorough

BY_STATEMENTS: list[tuple[ModuleType, str]] = [
    (usage_charges, "charge"),
    (usage_charges, "_put_on_invoices"),
    (usage_invoices, "_find"),
    (usage_invoices, "_draft"),
    (usage_invoices, "_add_items"),
    (usage_invoices, "_let_pay_with_the_subscriptions_card"),
    (usage_invoices, "_complete"),
]
BY_METERS: list[tuple[ModuleType, str]] = [
    (items, "_put_items"),
    (items, "_open_periods"),
    (counting, "write"),
    (counting, "_row"),
    (held_drafts, "hold"),
    (sending, "note_tries"),
    (sending, "_post"),
    (sending, "_is_sent"),
    (usage_charges, "charge"),
    (rounds, "_release"),
    (holding, "_settle"),
]


def kill_around(steps: list[tuple[ModuleType, str]], work: Callable[[], object]) -> int:
    """A process for each step and side of it; how many were killed."""
    return sum(
        is_killed_around(module, name, work, after=after)
        for module, name in steps
        for after in (False, True)
    )


def test_an_invoice_of_its_own_is_made_once_however_often_its_maker_is_killed(
    forgettable: Callable[[], Shop], stripe: sdk.StripeClient
) -> None:
    shop = forgettable()
    shop.buy("pro")
    stated.statement(shop.tenant, 200_000)
    stated.statement(shop.tenant, 300_000, month=1)
    killed = kill_around(BY_STATEMENTS, lambda: exporting.bring(shop.tenant))
    assert killed >= 2 * (len(BY_STATEMENTS) - 1)
    exporting.bring(shop.tenant)
    [invoice] = stated.usage_invoices(stripe, shop.customer)
    assert [amount for _, amount in stated.lines(invoice)] == [10_00, 20_00]
    assert invoice.status in ("open", "paid")
    assert UsageCharge.objects.filter(tenant=shop.tenant).count() == 2
    row = UsageInvoice.objects.get(tenant=shop.tenant)
    assert (row.stripe_id, row.finalized_at is not None) == (invoice.id, True)


@pytest.fixture
def metered(
    metered_plans: None,
    forgettable: Callable[[], Shop],
    stripe: sdk.StripeClient,
    simulator: Simulator,
    log: Log,  # noqa: F811
) -> Iterator[Metered]:
    """As the one that is rolled back, with rows that another process sees."""
    shop = forgettable()
    shop.buy("pro")
    subscription = stripe.v1.subscriptions.retrieve(shop.account.subscription_id or "")
    start = datetime.fromtimestamp(subscription.billing_cycle_anchor, UTC)
    trust.forget()
    cycles.forget()
    yield Metered(
        shop, stripe, simulator.url, log, lambda: None, start, start + timedelta(seconds=5)
    )
    cycles.forget()


def test_a_month_by_meters_is_billed_once_however_often_its_maker_is_killed(
    metered: Metered,
) -> None:
    tenant, start = metered.shop.tenant, metered.start
    killed = kill_around(BY_METERS, metered.bring)
    metered.bring()
    metered.skip(1)
    metered.click(8, start + HOUR)
    killed += kill_around(BY_METERS, metered.bring)
    metered.bring()
    metered.skip((metered.period.period_end - start).days - 1)
    metered.click(2, metered.period.period_end - HOUR)
    killed += kill_around(BY_METERS, metered.bring)
    closing._open_ledger(tenant)
    while closing._close_next(tenant.pk, now=metered.now + 2 * HOUR, waiting=closing._Waiting(Lag)):
        pass  # every period that is over, of this workspace alone
    killed += kill_around(BY_METERS, lambda: metered.bring(2 * HOUR))
    metered.bring(2 * HOUR)
    assert killed > 2 * len(BY_METERS)
    assert (metered.counted(), metered.period.state) == (7, "billed")
    [charge] = UsageCharge.objects.filter(tenant=tenant)
    assert charge.amount == 5 * 1_00 + 2 * 50
    billed = [one for one in metered.invoices() if one.id == metered.period.invoice_id]
    assert billed[0].total == 29_00 + 6_00
    assert not UsageInvoice.objects.filter(tenant=tenant).exists()
