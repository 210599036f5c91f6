"""A shop whose plans go by Stripe's meters, and a simulator whose days can be skipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import httpx
import pytest
import stripe as sdk
from django.conf import settings

from billing import catalogue, exporting
from billing.models import MeteredPeriod, MeterExport
from events.health import Lag
from metering import Limit, Price, Tier, Tiers, UsagePrice
from metering.periods import cycles
from metering.rollups import trust
from metering.statements import close_due
from tests.billing.conftest import SECRET, Shop
from tests.billing.simulated import Mailbox, SimulatorHere
from tests.events.log import Log, an_event, events_database, log, postgres_events, store_kind  # noqa: F401

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PRICES: dict[str, Price] = {
    "pro": Tiers("graduated", (Tier(5, 1_00), Tier(None, 50))),
    "business": UsagePrice(30),
}


@pytest.fixture
def simulator(
    tmp_path_factory: pytest.TempPathFactory, mailbox: Mailbox
) -> Iterator[SimulatorHere]:
    """One of its own: its days are skipped."""
    server = mailbox.open()
    folder = tmp_path_factory.mktemp("metered")
    url = f"http://127.0.0.1:{server.server_port}/"
    simulator = SimulatorHere(folder, webhook_url=url, secret=SECRET)
    yield simulator
    simulator.stop()
    server.shutdown()


@pytest.fixture
def metered_plans(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three clicks on Pro and four on Business, then prices that differ; by meter events."""
    small = {"pro": 3, "business": 4}

    def edited(plan: catalogue.Plan) -> catalogue.Plan:
        if plan.key not in small:
            return plan
        clicks = Limit(small[plan.key], hard=False, price=PRICES[plan.key])
        limits = {**plan.limits, "clicks": clicks}
        metered = {"usage_by": "meter_events", "usage_prices": {}, "spend_limit": None}
        return replace(plan, limits=limits, **metered)

    plans = tuple(edited(plan) for plan in catalogue.plans())
    monkeypatch.setattr(import_module(f"{settings.PRODUCT_APP}.catalogue"), "PLANS", plans)


@dataclass
class Metered:
    """A shop on Pro, its month, and a clock: `now` is ours and, to some seconds, Stripe's."""

    shop: Shop
    stripe: sdk.StripeClient
    url: str
    log: Any
    settle: Callable[[], None]
    start: datetime
    now: datetime

    @property
    def period(self) -> MeteredPeriod:
        return MeteredPeriod.objects.get(tenant=self.shop.tenant, period_start=self.start)

    @property
    def rows(self) -> list[MeterExport]:
        return list(self.period.exports.order_by("hour", "revision"))

    def skip(self, days: int) -> None:
        """Let days pass here and there."""
        httpx.post(f"{self.url}/clock/skip", data={"days": days})
        self.now += timedelta(days=days)

    def click(self, times: int, at: datetime) -> None:
        schema = self.shop.tenant.schema_name
        events = [an_event(tenant=schema, time=at, link_id=str(n)) for n in range(times)]
        self.log.store.append(events)

    def bring(self, later: timedelta = timedelta(0)) -> int:
        self.settle()
        return exporting.bring(self.shop.tenant, now=self.now + later)

    def close(self, later: timedelta) -> None:
        close_due(now=self.now + later, lag=Lag)

    def counted(self) -> int:
        """What Stripe's meter has of the period, by Stripe."""
        start = int(self.start.timestamp()) // 60 * 60
        until = start + 40 * 86_400
        span: Any = {"customer": self.shop.customer, "start_time": start, "end_time": until}
        found = self.stripe.v1.billing.meters.event_summaries.list(
            self.period.stripe_meter_id, span
        )
        return sum(int(each.aggregated_value) for each in found.data)

    def invoices(self) -> list[sdk.Invoice]:
        listed = self.stripe.v1.invoices.list({"customer": self.shop.customer, "limit": 100}).data
        return sorted(listed, key=lambda one: one.created)


@pytest.fixture
def metered(
    metered_plans: None,
    shop: Shop,
    stripe: sdk.StripeClient,
    simulator: SimulatorHere,
    log: Log,  # noqa: F811
    settle: Callable[[], None],
) -> Metered:
    shop.buy("pro")
    subscription = stripe.v1.subscriptions.retrieve(shop.account.subscription_id or "")
    start = datetime.fromtimestamp(subscription.billing_cycle_anchor, UTC)
    found = Metered(shop, stripe, simulator.url, log, settle, start, start + timedelta(seconds=5))
    trust.forget()
    cycles.forget()  # the schema was another workspace's in the test before
    found.bring()
    return found
