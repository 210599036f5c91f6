"""From a click on a link to a line on an invoice, and what the pages say on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from uuid import uuid4

import pytest
import stripe as sdk
from django.conf import settings

import events
from billing import catalogue
from billing.models import Account
from billing.subscriptions import subscription
from events.health import Lag
from metering import Limit, UsagePrice
from metering.statements import close_due
from tests.billing.conftest import Shop
from tests.billing.stated import lines, usage_invoices
from tests.events.log import events_database, log, postgres_events, store_kind  # noqa: F401

# The pool hands a schema out again after a rollback; its events of other tests must not count.
pytestmark = pytest.mark.usefixtures("log")
Capture = Callable[..., AbstractContextManager[object]]


@pytest.fixture
def small_plans(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Three clicks on Pro, then a dollar each; four on Business."""
    small = {"pro": 3, "business": 4}

    def smaller(plan: catalogue.Plan) -> catalogue.Plan:
        clicks = Limit(small.get(plan.key, 1), hard=False, price=UsagePrice(1_00))
        return plan if plan.is_free else replace(plan, limits={**plan.limits, "clicks": clicks})

    edited = tuple(smaller(plan) for plan in catalogue.plans())
    monkeypatch.setattr(import_module(f"{settings.PRODUCT_APP}.catalogue"), "PLANS", edited)


def click(shop: Shop, times: int, settle: Callable[[], None]) -> None:
    for _ in range(times):
        properties = {"link_id": uuid4(), "code": "abc"}
        events.record("Link Clicked", tenant=shop.tenant, properties=properties)
    settle()


def test_the_pages_say_what_the_running_period_costs(
    small_plans: None, shop: Shop, settle: Callable[[], None]
) -> None:
    shop.buy("business")
    click(shop, 6, settle)
    page = shop.page()
    assert "So far in the running period" in page
    assert "$2.00" in page
    assert "What is used above the plan until then is invoiced" in page
    # What comes when the period ends does not touch what is used in it.
    assert "clicks so far" not in shop.look(plan="pro")
    dearer = shop.look(plan="business", interval="year")
    assert "6 clicks so far cost $2.00, and keep that price" in dearer


def test_clicks_become_an_invoice_when_their_month_is_closed(
    small_plans: None,
    shop: Shop,
    stripe: sdk.StripeClient,
    settle: Callable[[], None],
    django_capture_on_commit_callbacks: Capture,
) -> None:
    shop.buy("pro")
    click(shop, 5, settle)
    with django_capture_on_commit_callbacks(execute=True):
        close_due(now=datetime.now(UTC) + timedelta(days=32), lag=Lag)
    [invoice] = usage_invoices(stripe, shop.customer)
    [(words, amount)] = lines(invoice)
    assert words.endswith("2 above 3, $1.00 each")
    assert amount == 2_00


def test_what_was_used_before_a_cancellation_is_billed_at_the_price_of_then(
    small_plans: None,
    shop: Shop,
    stripe: sdk.StripeClient,
    settle: Callable[[], None],
    django_capture_on_commit_callbacks: Capture,
) -> None:
    shop.buy("pro")
    click(shop, 5, settle)
    time.sleep(1.1)  # Stripe's instants are whole seconds
    stripe.v1.subscriptions.cancel(shop.account.subscription_id or "")
    subscription.sync(shop.account, origin=Account.Origin.CHECK)
    assert shop.limit("clicks") == 1_000
    with django_capture_on_commit_callbacks(execute=True):
        close_due(now=datetime.now(UTC) + timedelta(hours=2), lag=Lag)
    assert [invoice.total for invoice in usage_invoices(stripe, shop.customer)] == [2_00]
