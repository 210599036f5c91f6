"""Usage by Stripe's meters: counted once, held until both sides agree, and the same cents."""

from __future__ import annotations

from datetime import timedelta

import pytest
import stripe as sdk
from hypothesis import given
from hypothesis import strategies as st

from billing.models import MeteredPeriod, MeterExport, UsageCharge, UsageInvoice
from billing.selling import metered_prices, pushing
from metering import Limit, Tier, Tiers, UsagePrice
from metering.definitions import meters
from metering.models import Statement, Terms
from metering.rollups import rollups
from stripe_simulator.objects.prices import currency_option, parts
from tests.billing.exporting.conftest import DAY, HOUR, Metered

pytestmark = pytest.mark.django_db


_GONE = "DELETE FROM event WHERE tenant = %s AND properties->>'link_id' = %s"


def priced(invoice: sdk.Invoice) -> list[tuple[object, int]]:
    """The price and the amount of each line."""
    lines = [line for line in invoice.lines.data if line.pricing]
    return [(line.pricing.price_details.price, line.amount) for line in lines]  # type: ignore[union-attr]


def month(metered: Metered) -> int:
    return (metered.period.period_end - metered.start).days


def test_a_month_of_clicks_is_on_the_subscriptions_invoice_once_both_have_counted_it(
    metered: Metered,
) -> None:
    start = metered.start
    metered.skip(2)
    metered.click(2, start + HOUR)  # within what is included
    metered.click(4, start + 3 * HOUR)
    metered.bring()
    assert [(row.quantity, row.late, row.state) for row in metered.rows] == [(3, 0, "sent")]
    assert metered.counted() == 3
    metered.click(1, start + 2 * HOUR)  # late for an hour that was sent
    metered.click(2, metered.now + 2 * HOUR)
    metered.skip(1)
    metered.bring()
    assert [(row.quantity, row.late) for row in metered.rows][1:] == [(1, 1), (2, 0)]
    metered.skip(month(metered) - 3)
    metered.click(2, metered.period.period_end - timedelta(seconds=1))
    metered.bring()
    draft = metered.invoices()[-1]
    assert (draft.status, draft.auto_advance) == ("draft", False)
    assert metered.bring(HOUR / 2) == 0, "the last hour is not stated yet"
    metered.close(2 * HOUR)
    assert metered.bring(2 * HOUR) == 1
    statement = Statement.objects.get(
        tenant=metered.shop.tenant, meter="clicks", period_start=start
    )
    assert (statement.value, metered.counted()) == (11, 8)
    billed = metered.invoices()[-1]
    amounts = sorted(amount for price, amount in priced(billed) if price == metered.period.price_id)
    assert amounts == [3 * 50, 5 * 1_00]
    assert billed.status in ("open", "paid")
    [charge] = UsageCharge.objects.filter(tenant=metered.shop.tenant)
    assert (charge.amount, charge.metered, charge.invoice) == (6_50, metered.period, None)
    assert metered.period.state == "billed"
    assert metered.period.invoice_id == billed.id
    assert metered.bring(3 * HOUR) == 0
    assert not UsageInvoice.objects.filter(tenant=metered.shop.tenant).exists()


def test_what_is_sent_twice_counts_once_and_a_refused_duplicate_was_delivered(
    metered: Metered,
) -> None:
    metered.click(9, metered.start + HOUR)
    metered.skip(1)
    metered.bring()
    MeterExport.objects.filter(period=metered.period).update(state="written", sent_at=None)
    metered.bring()
    assert metered.counted() == 6
    assert [row.state for row in metered.rows] == ["sent"]
    # More than a day later Stripe has forgotten the identifier: then its meter is asked.
    metered.skip(2)
    MeterExport.objects.filter(period=metered.period).update(state="written", sent_at=None)
    metered.bring()
    assert metered.counted() == 6
    assert [row.state for row in metered.rows] == ["sent"]


def test_what_was_counted_too_much_is_taken_back_within_a_day_and_later_made_good(
    metered: Metered,
) -> None:
    start, tenant = metered.start, metered.shop.tenant
    metered.click(9, start + HOUR)
    metered.skip(1)
    metered.bring()
    assert metered.counted() == 6
    with metered.log.store.connection() as connection:
        for link in ("7", "8"):
            connection.execute(_GONE, [tenant.schema_name, link])
        connection.commit()
    rebuild(metered)
    metered.bring(2 * HOUR)
    assert [(row.quantity, row.revision, row.state) for row in metered.rows] == [
        (6, 0, "withdrawn"),
        (4, 1, "sent"),
    ]
    assert metered.counted() == 4
    # Too old to be taken back: the hours to come are less, until the sum is right again.
    MeterExport.objects.filter(period=metered.period).update(tried_at=start - 2 * DAY)
    with metered.log.store.connection() as connection:
        connection.execute(_GONE, [tenant.schema_name, "6"])
        connection.commit()
    rebuild(metered)
    metered.bring(4 * HOUR)
    assert metered.counted() == 4
    metered.click(3, metered.now + 5 * HOUR)
    metered.skip(1)
    metered.bring()
    assert metered.counted() == 6


def rebuild(metered: Metered) -> None:
    day = metered.start.date()
    for each in (day, day + DAY):
        rollups().rebuild(each, meters=[meters()["clicks"]])


def test_a_month_whose_price_changed_is_billed_from_its_statements(metered: Metered) -> None:
    metered.click(10, metered.start + HOUR)
    metered.skip(1)
    metered.bring()
    assert metered.counted() == 7
    assert metered.period.state == "open"
    metered.shop.change(plan="business", interval="month")
    Terms.objects.filter(tenant=metered.shop.tenant, meter="clicks", included=4).update(
        since=metered.now
    )
    metered.click(10, metered.now + 2 * HOUR)
    metered.bring(4 * HOUR)
    assert metered.period.state == "given_up"
    subscription = metered.shop.account.subscription_id or ""
    items = metered.stripe.v1.subscription_items.list({"subscription": subscription})
    assert [item.price.metadata.to_dict() for item in items.data] == [{"plan": "business"}]
    metered.skip(month(metered) - 1)
    metered.close(2 * HOUR)
    assert metered.bring(2 * HOUR) == 1
    charges = UsageCharge.objects.filter(tenant=metered.shop.tenant).order_by("statement__number")
    # 7 above 3 by Pro's tiers; then from 10 to 20 clicks by Business, where 4 would have been free.
    assert [charge.amount for charge in charges] == [5 * 1_00 + 2 * 50, 10 * 30]
    own = UsageInvoice.objects.get(tenant=metered.shop.tenant)
    assert metered.stripe.v1.invoices.retrieve(own.stripe_id or "").total == 9_00
    following = MeteredPeriod.objects.get(tenant=metered.shop.tenant, state="open")
    assert following.period_start == metered.period.period_end


def test_the_catalogue_at_stripe_is_made_once(metered: Metered) -> None:
    assert pushing.push() == []
    listed = metered.stripe.v1.billing.meters.list({"limit": 100}).data
    assert [each.event_name for each in listed] == ["plg_clicks"]


TIERS = [
    UsagePrice(1_00, per=10_000),
    UsagePrice(7),
    Tiers("graduated", (Tier(1_000_000, 90, per=10_000), Tier(None, 60, per=10_000))),
    Tiers("graduated", (Tier(3, 1_00), Tier(10, 33, flat=5), Tier(None, 1, per=8))),
    Tiers("volume", (Tier(100, 3, per=2), Tier(1_000, 1, flat=50), Tier(None, 1, per=4))),
]


@pytest.mark.parametrize("price", TIERS)
def test_both_ways_charge_the_same_cents_at_every_edge(price: UsagePrice | Tiers) -> None:
    assert list(metered_prices.problems(price)) == []
    edges = [1, 5_000, 5_001, 49_999, 10**9]
    if isinstance(price, Tiers):
        edges += [each.up_to for each in price.tiers if each.up_to]
    for quantity in sorted({max(0, edge + off) for edge in edges for off in (-1, 0, 1)}):
        ours = Limit(9, hard=False, price=price).cost(9 + quantity)
        assert asked_by_stripe(price, quantity) == ours


def asked_by_stripe(price: UsagePrice | Tiers, quantity: int) -> int:
    said = metered_prices.said(price)
    made = {
        "currency": "usd",
        "transform_quantity": None,
        "tiers_mode": said.get("tiers_mode"),
        "_currency_options": {"usd": currency_option(said, "unspecified")},
    }
    return sum(part.amount for part in parts(made, quantity))


@given(
    amount=st.integers(0, 10_000),
    per=st.integers(1, 100_000),
    edge=st.integers(1, 10_000),
    quantity=st.integers(0, 20_000),
)
def test_a_price_that_stripe_would_round_otherwise_stays_with_the_statements(
    amount: int, per: int, edge: int, quantity: int
) -> None:
    for price in (
        UsagePrice(amount, per=per),
        Tiers("graduated", (Tier(edge, amount, per=per), Tier(None, amount + 1, per=per))),
    ):
        if not list(metered_prices.problems(price)):
            assert asked_by_stripe(price, quantity) == price.cost(quantity)
