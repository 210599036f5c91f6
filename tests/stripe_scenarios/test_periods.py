"""Periods: anchors late in a month, leap years, other intervals, what a clock may do."""

from __future__ import annotations

import pytest
import stripe

from .conftest import Opener, amounts, at, item_of


@pytest.mark.parametrize(
    ("start", "ends"),
    [
        ("2027-01-29", ["2027-02-28", "2027-03-29"]),
        ("2027-01-30", ["2027-02-28", "2027-03-30"]),
        ("2027-01-31", ["2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]),
        ("2028-01-31", ["2028-02-29", "2028-03-31"]),
    ],
)
def test_the_day_of_the_anchor_is_kept_where_the_month_has_it(
    books: Opener, start: str, ends: list[str]
) -> None:
    here = books(start)
    made = here.subscribe(here.price(1000))
    for end in ends:
        assert item_of(here.fresh(made)).current_period_end == at(end)
        here.pass_until(end)
    assert here.totals(made) == [1000] * (len(ends) + 1)


def test_a_year_from_a_leap_day(books: Opener) -> None:
    here = books("2028-02-29")
    made = here.subscribe(here.price(1000, recurring={"interval": "year"}))
    here.pass_until("2029-02-28")
    assert item_of(here.fresh(made)).current_period_end == at("2030-02-28")


def test_from_month_to_year_and_back(books: Opener) -> None:
    here = books("2027-04-01")
    month, year = here.price(1000), here.price(12_000, recurring={"interval": "year"})
    made = here.subscribe(month)
    id = item_of(made).id
    here.pass_until("2027-04-16")
    change = {"items": [{"id": id, "price": year.id}], "proration_date": at("2027-04-16")}
    shown = here.api.invoices.create_preview(
        {"subscription": made.id, "subscription_details": change}
    )
    yearly = here.api.subscriptions.update(made.id, {**change, "expand": ["latest_invoice"]})
    assert amounts(shown) == amounts(yearly.latest_invoice) == [-500, 12_000]
    assert yearly.billing_cycle_anchor == at("2027-04-16")
    assert item_of(yearly).current_period_end == at("2028-04-16")
    here.pass_until("2027-10-16")
    back = here.api.subscriptions.update(
        made.id,
        {
            "items": [{"id": id, "price": month.id}],
            "proration_date": at("2027-10-16"),
            "expand": ["latest_invoice"],
        },
    )
    credit = round(12_000 * (366 - 183) / 366)  # 16 April to 16 April over a leap day
    assert amounts(back.latest_invoice) == [-credit, 1000]
    balance = here.api.customers.retrieve(str(made.customer)).balance
    assert balance == 1000 - credit


def test_a_change_in_the_last_second_and_in_the_first_of_the_next_period(books: Opener) -> None:
    here = books("2027-04-01")
    made = here.subscribe(here.price(3000))
    id, dear = item_of(made).id, here.price(6000)
    here.pass_until(at("2027-05-01") - 1)
    change = {"proration_behavior": "always_invoice", "expand": ["latest_invoice"]}
    last = here.api.subscriptions.update(
        made.id, {"items": [{"id": id, "price": dear.id}], **change}
    )
    assert amounts(last.latest_invoice) == [0, 0]
    here.pass_until("2027-05-01")
    first = here.api.subscriptions.update(
        made.id, {"items": [{"id": id, "price": here.price(1000).id}], **change}
    )
    assert amounts(first.latest_invoice) == [-6000, 1000]


def test_the_first_period_until_an_anchor_is_billed_in_part(books: Opener) -> None:
    here = books("2027-04-16")
    made = here.subscribe(here.price(3000), billing_cycle_anchor=at("2027-05-01"))
    assert here.totals(made) == [1500]
    here.pass_until("2027-05-01")
    assert here.totals(made) == [1500, 3000]


def test_seats_up_down_and_up_in_one_period(books: Opener) -> None:
    here = books("2027-04-01")
    customer, price = here.customer(), here.price(1000)
    made = here.api.subscriptions.create(
        {"customer": customer, "items": [{"price": price.id, "quantity": 3}]}
    )
    id = item_of(made).id
    for day, seats in (("2027-04-11", 5), ("2027-04-16", 2), ("2027-04-21", 4)):
        here.pass_until(day)
        change = {"items": [{"id": id, "quantity": seats}], "proration_date": at(day)}
        here.api.subscriptions.update(made.id, change)
    here.pass_until("2027-05-01")
    shown = amounts(here.invoices(made)[-1])
    assert shown == [-2000, 3333, -2500, 1000, -667, 1333, 4000]


def test_a_clock_goes_forward_only_and_not_too_far(books: Opener) -> None:
    here = books("2027-04-01")
    here.subscribe(here.price(1000))
    for moment in ("2027-03-31", "2027-06-02"):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            here.pass_until(moment)
        assert refused.value.param == "frozen_time"


def test_two_months_pass_with_each_renewal_at_its_own_time(books: Opener) -> None:
    here = books("2027-04-01")
    made = here.subscribe(here.price(1000))
    here.pass_until("2027-06-01")
    created = [one.created for one in here.invoices(made)]
    assert created == [at("2027-04-01"), at("2027-05-01"), at("2027-06-01")]
    assert [one.status for one in here.invoices(made)] == ["paid", "paid", "draft"]
