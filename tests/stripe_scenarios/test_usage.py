"""Metered prices: events, their limits, what they come to, and when they are billed."""

from __future__ import annotations

import pytest
import stripe

from .conftest import LIVE, Books, Opener, amounts, at, item_of

HOUR, DAY = 3600, 24 * 3600


def clicks(here: Books, formula: str = "sum") -> stripe.billing.Meter:
    name = f"clicks_{here.clock}"
    made: stripe.billing.Meter = here.api.billing.meters.create(
        {
            "display_name": "Clicks",
            "event_name": name,
            "default_aggregation": {"formula": formula},
        }
    )
    return made


def metered(here: Books, meter: stripe.billing.Meter, **extra: object) -> stripe.Price:
    recurring = {"interval": "month", "usage_type": "metered", "meter": meter.id}
    return here.price(2, recurring=recurring, **extra)


def use(
    here: Books, meter: stripe.billing.Meter, customer: str, value: int, when: int, **extra: str
) -> stripe.billing.MeterEvent:
    payload = {"stripe_customer_id": customer, "value": str(value)}
    made: stripe.billing.MeterEvent = here.api.billing.meter_events.create(
        {"event_name": meter.event_name, "payload": payload, "timestamp": when, **extra}
    )
    return made


def test_usage_is_billed_behind_beside_a_price_ahead(books: Opener) -> None:
    here = books("2027-04-01")
    meter = clicks(here)
    made = here.subscribe(here.price(1000), metered(here, meter))
    customer = str(made.customer)
    assert here.totals(made) == [1000]
    here.pass_until("2027-04-20")
    use(here, meter, customer, 300, at("2027-04-10"))
    use(here, meter, customer, 200, at("2027-04-20"))
    shown = here.api.invoices.create_preview({"subscription": made.id})
    assert sorted(amounts(shown)) == [1000, 1000]
    here.pass_until("2027-05-01")
    draft = here.invoices(made)[-1]
    assert (draft.status, draft.total) == ("draft", 2000)


@pytest.mark.skipif(LIVE, reason="Stripe counts late events some minutes later, at its own time")
def test_usage_that_comes_late_is_on_the_draft_and_later_it_is_lost(books: Opener) -> None:
    here = books("2027-04-01")
    meter = clicks(here)
    made = here.subscribe(metered(here, meter))
    customer = str(made.customer)
    here.pass_until(at("2027-05-01") + HOUR // 2)
    use(here, meter, customer, 700, at("2027-05-01") - 60)
    here.pass_until(at("2027-05-01") + 2 * HOUR)
    assert here.totals(made)[-1] == 1400
    use(here, meter, customer, 100, at("2027-05-01") - 60)
    here.pass_until("2027-06-02")
    assert here.totals(made) == [0, 1400, 0]


def test_an_event_has_its_limits(books: Opener) -> None:
    here = books("2027-04-01")
    meter, customer = clicks(here), here.customer()
    here.pass_until("2027-06-01")
    now = at("2027-06-01")
    use(here, meter, customer, 1, now, identifier="once")
    for when, identifier, value in (
        (now, "once", 1),
        (now - 36 * DAY, "old", 1),
        (now + 6 * 60, "early", 1),
        (now, "part", "1.5"),
    ):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            use(here, meter, customer, value, when, identifier=identifier)  # type: ignore[arg-type]
        assert refused.value.http_status == 400


@pytest.mark.skipif(LIVE, reason="Stripe adds events up some minutes later")
def test_summaries_add_up_and_an_adjustment_takes_an_event_back(books: Opener) -> None:
    here = books("2027-04-01")
    meter, customer = clicks(here), here.customer()
    here.pass_until("2027-04-02")
    start = at("2027-04-01")
    use(here, meter, customer, 5, start + 60)
    use(here, meter, customer, 7, start + HOUR, identifier="wrong")
    use(here, meter, customer, -1, start + HOUR)
    span = {"customer": customer, "start_time": start, "end_time": start + 2 * HOUR}
    summaries = here.api.billing.meters.event_summaries
    assert [one.aggregated_value for one in summaries.list(meter.id, span).data] == [11]
    hours = summaries.list(meter.id, {**span, "value_grouping_window": "hour"}).data
    assert [one.aggregated_value for one in hours] == [6, 5]
    adjusted = here.api.billing.meter_event_adjustments.create(
        {"event_name": meter.event_name, "type": "cancel", "cancel": {"identifier": "wrong"}}
    )
    assert adjusted.status in ("pending", "complete")
    assert [one.aggregated_value for one in summaries.list(meter.id, span).data] == [4]


@pytest.mark.skipif(LIVE, reason="Stripe adds events up some minutes later")
@pytest.mark.parametrize(("formula", "total"), [("sum", 24), ("count", 6), ("last", 8)])
def test_each_formula(books: Opener, formula: str, total: int) -> None:
    here = books("2027-04-01")
    meter = clicks(here, formula)
    made = here.subscribe(metered(here, meter))
    here.pass_until("2027-04-10")
    for value, day in ((5, "2027-04-02"), (4, "2027-04-09"), (3, "2027-04-03")):
        use(here, meter, str(made.customer), value, at(day))
    shown = here.api.invoices.create_preview({"subscription": made.id})
    assert shown.total == total


@pytest.mark.skipif(LIVE, reason="Stripe adds events up some minutes later")
@pytest.mark.parametrize(
    ("mode", "behavior", "lines"),
    [
        ("flexible", "create_prorations", [50, 200]),
        ("flexible", "none", [50]),
        ("classic", "create_prorations", [50]),
    ],
)
def test_usage_before_a_change_of_its_price(
    books: Opener, mode: str, behavior: str, lines: list[int]
) -> None:
    here = books("2027-04-01")
    meter = clicks(here)
    made = here.subscribe(metered(here, meter), billing_mode={"type": mode})
    customer = str(made.customer)
    here.pass_until("2027-04-10")
    use(here, meter, customer, 100, at("2027-04-05"))
    recurring = {"interval": "month", "usage_type": "metered", "meter": meter.id}
    items = [{"id": item_of(made).id, "price": here.price(5, recurring=recurring).id}]
    here.api.subscriptions.update(made.id, {"items": items, "proration_behavior": behavior})
    here.pass_until("2027-04-20")
    use(here, meter, customer, 10, at("2027-04-15"))
    here.pass_until("2027-05-01")
    assert sorted(amounts(here.invoices(made)[-1])) == lines


@pytest.mark.skipif(LIVE, reason="Stripe adds events up some minutes later")
def test_the_usage_of_the_last_period_is_billed_when_it_ends(books: Opener) -> None:
    here = books("2027-04-01")
    meter = clicks(here)
    made = here.subscribe(metered(here, meter))
    here.pass_until("2027-04-10")
    use(here, meter, str(made.customer), 500, at("2027-04-05"))
    here.api.subscriptions.update(made.id, {"cancel_at_period_end": True})
    here.pass_until("2027-05-02")
    assert here.fresh(made).status == "canceled"
    assert here.totals(made) == [0, 1000]
