"""Schedules: a downgrade at the end of the period, taken back, and phases one after the other."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from .conftest import Books, Opener, at, item_of


def downgrade(here: Books, made: stripe.Subscription, price: stripe.Price) -> Any:
    """The way that Stripe documents: a schedule from the subscription, then a second phase."""
    schedule = here.api.subscription_schedules.create({"from_subscription": made.id})
    running = schedule.phases[0]
    return here.api.subscription_schedules.update(
        schedule.id,
        {
            "end_behavior": "release",
            "phases": [
                {
                    "items": [{"price": item_of(made).price.id, "quantity": 1}],
                    "start_date": running.start_date,
                    "end_date": running.end_date,
                },
                {"items": [{"price": price.id, "quantity": 1}], "proration_behavior": "none"},
            ],
        },
    )


def test_a_downgrade_comes_at_the_end_of_the_period(books: Opener) -> None:
    here = books("2027-04-01")
    made, cheap = here.subscribe(here.price(5000)), here.price(1000)
    here.pass_until("2027-04-10")
    schedule = downgrade(here, made, cheap)
    assert here.fresh(made).schedule == schedule.id
    assert item_of(here.fresh(made)).price.unit_amount == 5000
    shown = here.api.invoices.create_preview({"subscription": made.id})
    assert shown.total == 1000
    here.pass_until(at("2027-05-01") + 7200)
    assert item_of(here.fresh(made)).price.id == cheap.id
    assert here.totals(made) == [5000, 1000]
    here.pass_until("2027-06-01")
    assert here.api.subscription_schedules.retrieve(schedule.id).status == "released"
    assert here.fresh(made).schedule is None
    assert here.totals(made) == [5000, 1000, 1000]


def test_a_downgrade_is_taken_back(books: Opener) -> None:
    here = books("2027-04-01")
    made = here.subscribe(here.price(5000))
    schedule = downgrade(here, made, here.price(1000))
    released = here.api.subscription_schedules.release(schedule.id)
    assert (released.status, released.released_subscription) == ("released", made.id)
    here.pass_until("2027-05-01")
    assert here.totals(made) == [5000, 5000]


def test_a_schedule_ends_its_subscription_when_it_says_so(books: Opener) -> None:
    here = books("2027-04-01")
    price = here.price(1000)
    schedule = here.api.subscription_schedules.create(
        {
            "customer": here.customer(),
            "start_date": "now",
            "end_behavior": "cancel",
            "phases": [
                {
                    "items": [{"price": price.id}],
                    "duration": {"interval": "month", "interval_count": 2},
                }
            ],
        }
    )
    here.pass_until("2027-05-01")
    here.pass_until("2027-06-01")
    ended = here.api.subscriptions.retrieve(str(schedule.subscription))
    assert (ended.status, ended.ended_at) == ("canceled", at("2027-06-01"))
    assert here.totals(ended) == [1000, 1000]
    assert here.api.subscription_schedules.retrieve(schedule.id).status == "completed"


def test_a_schedule_that_begins_later(books: Opener) -> None:
    here = books("2027-04-01")
    schedule = here.api.subscription_schedules.create(
        {
            "customer": here.customer(),
            "start_date": at("2027-04-10"),
            "phases": [{"items": [{"price": here.price(1000).id, "quantity": 2}]}],
        }
    )
    assert (schedule.status, schedule.subscription) == ("not_started", None)
    here.pass_until("2027-04-11")
    begun = here.api.subscription_schedules.retrieve(schedule.id)
    assert begun.status == "active"
    assert here.totals(here.api.subscriptions.retrieve(str(begun.subscription))) == [2000]


def test_a_phase_of_another_interval_is_invoiced_when_it_begins(books: Opener) -> None:
    here = books("2027-04-01")
    made = here.subscribe(here.price(1000))
    downgrade(here, made, here.price(9000, recurring={"interval": "year"}))
    here.pass_until("2027-05-01")
    yearly = here.fresh(made)
    assert item_of(yearly).current_period_end == at("2028-05-01")
    assert here.totals(made) == [1000, 9000]


def test_the_end_of_the_subscription_ends_its_schedule(books: Opener) -> None:
    here = books("2027-04-01")
    made = here.subscribe(here.price(1000))
    schedule = downgrade(here, made, here.price(500))
    here.api.subscriptions.cancel(made.id)
    assert here.api.subscription_schedules.retrieve(schedule.id).status == "canceled"


def test_a_downgrade_in_a_trial_is_billed_when_the_trial_ends(books: Opener) -> None:
    here = books("2027-04-01")
    made = here.subscribe(here.price(5000), trial_period_days=14)
    schedule = here.api.subscription_schedules.create({"from_subscription": made.id})
    running = schedule.phases[0]
    cheap = here.price(1000)
    here.api.subscription_schedules.update(
        schedule.id,
        {
            "phases": [
                {
                    "items": [{"price": item_of(made).price.id, "quantity": 1}],
                    "start_date": running.start_date,
                    "end_date": running.end_date,
                    "trial_end": running.trial_end,
                },
                {"items": [{"price": cheap.id, "quantity": 1}], "proration_behavior": "none"},
            ],
        },
    )
    here.pass_until(at("2027-04-15") + 7200)
    assert (here.fresh(made).status, here.totals(made)) == ("active", [0, 1000])


def test_a_phase_that_is_over_may_be_named_and_a_gap_may_not(books: Opener) -> None:
    here = books("2027-04-01")
    made, cheap = here.subscribe(here.price(5000)), here.price(1000)
    schedule = downgrade(here, made, cheap)
    here.pass_until("2027-05-02")
    over, on = here.api.subscription_schedules.retrieve(schedule.id).phases
    phases = [
        {
            "items": [{"price": phase["items"][0].price, "quantity": 1}],
            "start_date": phase.start_date,
            "end_date": phase.end_date,
        }
        for phase in (over, on)
    ]
    kept = here.api.subscription_schedules.update(schedule.id, {"phases": phases})
    assert kept.current_phase.start_date == on.start_date
    phases[1]["start_date"] = on.start_date + 60
    with pytest.raises(stripe.InvalidRequestError):
        here.api.subscription_schedules.update(schedule.id, {"phases": phases})


def test_the_metadata_of_a_phase_is_added_to_the_subscription_when_it_begins(books: Opener) -> None:
    here = books("2027-04-01")
    made = here.subscribe(here.price(5000), metadata={"kept": "yes", "terms": "old"})
    schedule = here.api.subscription_schedules.create({"from_subscription": made.id})
    running = schedule.phases[0]
    same = [{"price": item_of(made).price.id, "quantity": 1}]
    here.api.subscription_schedules.update(
        schedule.id,
        {
            "phases": [
                {"items": same, "start_date": running.start_date, "end_date": running.end_date},
                {"items": same, "proration_behavior": "none", "metadata": {"terms": "new"}},
            ]
        },
    )
    assert dict(here.fresh(made).metadata) == {"kept": "yes", "terms": "old"}
    here.pass_until("2027-05-01")
    assert dict(here.fresh(made).metadata) == {"kept": "yes", "terms": "new"}
