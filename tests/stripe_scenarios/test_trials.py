"""Trials, with a card and without."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from .conftest import Books, Opener, at, item_of

DAY = 24 * 3600


def trial(here: Books, *, card: str | None = None, missing: str = "create_invoice", **extra: Any):
    behavior = {"end_behavior": {"missing_payment_method": missing}}
    customer = here.customer(card=card)
    return here.subscribe(
        here.price(2900), customer=customer, trial_period_days=14, trial_settings=behavior, **extra
    )


def types_of(here: Books, subscription: stripe.Subscription) -> list[str]:
    listed = here.api.events.list({"limit": 100}).data
    return [one.type for one in reversed(listed) if one.data.object["id"] == subscription.id]


def test_a_trial_costs_nothing_and_then_the_price(books: Opener) -> None:
    here = books("2027-05-01")
    made = trial(here, card="pm_card_visa")
    assert (made.status, made.trial_end) == ("trialing", at("2027-05-15"))
    assert item_of(made).current_period_end == made.billing_cycle_anchor == at("2027-05-15")
    here.pass_until(at("2027-05-12") + 1)
    assert types_of(here, made).count("customer.subscription.trial_will_end") == 1
    here.pass_until(at("2027-05-15") + 7200)
    paid = here.fresh(made)
    assert (paid.status, item_of(paid).current_period_end) == ("active", at("2027-06-15"))
    assert here.totals(made) == [0, 2900]
    assert [one.status for one in here.invoices(made)] == ["paid", "paid"]
    assert types_of(here, made).count("customer.subscription.trial_will_end") == 1


def test_a_trial_without_a_card_is_paused_and_resumed_with_one(books: Opener) -> None:
    here = books("2027-05-01")
    made = trial(here, missing="pause")
    here.pass_until("2027-05-16")
    assert here.fresh(made).status == "paused"
    assert here.totals(made) == [0]
    here.give_card(str(made.customer), "pm_card_visa")
    here.api.subscriptions.resume(made.id, {"billing_cycle_anchor": "now"})
    resumed = here.fresh(made)
    assert (resumed.status, resumed.billing_cycle_anchor) == ("active", at("2027-05-16"))
    assert here.totals(made) == [0, 2900]


def test_a_trial_without_a_card_is_cancelled(books: Opener) -> None:
    here = books("2027-05-01")
    made = trial(here, missing="cancel")
    here.pass_until("2027-05-15")
    ended = here.fresh(made)
    assert (ended.status, ended.ended_at) == ("canceled", at("2027-05-15"))
    assert here.totals(made) == [0]


def test_a_trial_without_a_card_becomes_past_due(books: Opener) -> None:
    here = books("2027-05-01")
    made = trial(here)
    here.pass_until("2027-05-16")
    assert here.fresh(made).status == "past_due"
    assert [one.status for one in here.invoices(made)] == ["paid", "open"]


def test_a_trial_is_prolonged_and_ended_at_once(books: Opener) -> None:
    here = books("2027-05-01")
    made = trial(here, card="pm_card_visa")
    longer = here.api.subscriptions.update(made.id, {"trial_end": at("2027-05-20")})
    assert (longer.status, item_of(longer).current_period_end) == ("trialing", at("2027-05-20"))
    here.pass_until("2027-05-16")
    ended = here.api.subscriptions.update(made.id, {"trial_end": "now"})
    assert (ended.status, ended.billing_cycle_anchor) == ("active", at("2027-05-16"))
    assert here.totals(made) == [0, 2900]


def test_a_change_within_a_trial_costs_nothing(books: Opener) -> None:
    here = books("2027-05-01")
    made = trial(here, card="pm_card_visa")
    here.pass_until("2027-05-05")
    change = {"items": [{"id": item_of(made).id, "price": here.price(9900).id}]}
    here.api.subscriptions.update(made.id, change)
    here.pass_until("2027-05-16")
    assert here.totals(made) == [0, 9900]


def test_the_preview_in_a_trial_is_the_first_bill(books: Opener) -> None:
    here = books("2027-05-01")
    made = trial(here, card="pm_card_visa")
    shown = here.api.invoices.create_preview({"subscription": made.id})
    assert (shown.total, shown.period_end) == (2900, at("2027-05-15"))


@pytest.mark.parametrize("end", [at("2027-04-30"), at("2030-05-01")])
def test_a_trial_ends_in_the_future_and_within_two_years(books: Opener, end: int) -> None:
    here = books("2027-05-01")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        here.subscribe(here.price(2900), trial_end=end)
    assert refused.value.param == "trial_end"
