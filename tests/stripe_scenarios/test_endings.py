"""Endings and other changes: at once with a credit, on a day, a new anchor, items more and less."""

from __future__ import annotations

import pytest
import stripe

from .conftest import Opener, amounts, at, item_of


def test_cancelled_at_once_with_a_credit(books: Opener) -> None:
    here = books("2027-04-01")
    made = here.subscribe(here.price(3000))
    here.pass_until("2027-04-16")
    shown = here.api.invoices.create_preview(
        {"subscription": made.id, "subscription_details": {"cancel_now": True}}
    )
    assert (amounts(shown), here.fresh(made).status) == ([-1500], "active")
    here.api.subscriptions.cancel(made.id, {"invoice_now": True, "prorate": True})
    assert here.totals(made) == [3000, -1500]
    assert here.api.customers.retrieve(str(made.customer)).balance == -1500


def test_cancelled_at_once_without_one_drops_what_was_pending(books: Opener) -> None:
    here = books("2027-04-01")
    made = here.subscribe(here.price(3000))
    here.pass_until("2027-04-16")
    change = {"items": [{"id": item_of(made).id, "price": here.price(6000).id}]}
    here.api.subscriptions.update(made.id, change)
    here.api.subscriptions.cancel(made.id)
    assert here.api.invoice_items.list({"customer": str(made.customer)}).data == []
    assert here.totals(made) == [3000]


def test_an_end_on_a_day_and_its_preview(books: Opener) -> None:
    here = books("2027-04-01")
    made = here.subscribe(here.price(3000))
    ending = here.api.subscriptions.update(made.id, {"cancel_at": at("2027-05-10")})
    assert (ending.cancel_at, ending.cancel_at_period_end) == (at("2027-05-10"), False)
    here.pass_until("2027-05-11")
    assert here.fresh(made).ended_at == at("2027-05-10")
    assert here.totals(made) == [3000, 3000]


def test_what_ends_has_no_next_invoice(books: Opener) -> None:
    here = books("2027-04-01")
    made = here.subscribe(here.price(3000))
    here.api.subscriptions.update(made.id, {"cancel_at_period_end": True})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        here.api.invoices.create_preview({"subscription": made.id})
    assert refused.value.code == "invoice_upcoming_none"


def test_a_new_anchor_begins_a_period_now(books: Opener) -> None:
    here = books("2027-04-01")
    made = here.subscribe(here.price(3000))
    here.pass_until("2027-04-16")
    moved = here.api.subscriptions.update(
        made.id, {"billing_cycle_anchor": "now", "expand": ["latest_invoice"]}
    )
    assert amounts(moved.latest_invoice) == [-1500, 3000]
    assert item_of(moved).current_period_end == at("2027-05-16")


def test_an_item_comes_in_mid_period_and_goes_again(books: Opener) -> None:
    here = books("2027-04-01")
    made = here.subscribe(here.price(3000))
    here.pass_until("2027-04-11")
    added = here.api.subscription_items.create(
        {"subscription": made.id, "price": here.price(1500).id, "proration_date": at("2027-04-11")}
    )
    here.pass_until("2027-04-21")
    with pytest.raises(stripe.InvalidRequestError):
        here.api.subscription_items.create({"subscription": made.id, "price": str(added.price.id)})
    here.api.subscription_items.delete(added.id, {"proration_date": at("2027-04-21")})
    here.pass_until("2027-05-01")
    assert amounts(here.invoices(made)[-1]) == [1000, -500, 3000]
    with pytest.raises(stripe.InvalidRequestError):
        here.api.subscription_items.delete(item_of(made).id)


def test_two_changes_within_a_minute(books: Opener) -> None:
    here = books("2027-04-01")
    made = here.subscribe(here.price(1000))
    id = item_of(made).id
    for moment, amount in ((at("2027-04-16"), 2000), (at("2027-04-16") + 60, 3000)):
        here.pass_until(moment)
        here.api.subscriptions.update(
            made.id,
            {
                "items": [{"id": id, "price": here.price(amount).id}],
                "proration_behavior": "always_invoice",
                "proration_date": moment,
            },
        )
    assert here.totals(made) == [1000, 500, 500]


def test_a_clock_that_is_deleted_takes_its_customers_along(books: Opener) -> None:
    here = books("2027-04-01")
    made = here.subscribe(here.price(1000))
    clock = here.api.test_helpers.test_clocks.create({"frozen_time": at("2027-04-01")})
    gone = here.api.customers.create({"test_clock": clock.id})
    here.api.test_helpers.test_clocks.delete(clock.id)
    assert here.api.customers.retrieve(gone.id).deleted
    assert here.fresh(made).status == "active"
