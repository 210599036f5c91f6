"""What the dashboard does on request: skip days, deliver badly, try a renewal as told."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from stripe_simulator.clock import Clock
from stripe_simulator.rules import due
from stripe_simulator.store import State, Store

from .conftest import DAY, World, eventually, web


def test_thirty_days_are_skipped_and_all_happens_on_its_day(world: World) -> None:
    made = world.subscription(2900, trial_period_days=14)
    before = world.store.clock.now()
    assert web.post(f"{world.url}/clock/skip", data={"days": "30"}).status_code == 303
    assert world.store.clock.now() - before in range(30 * DAY, 30 * DAY + 60)
    found = world.client.v1.subscriptions.retrieve(made.id)
    assert found.status == "active"
    renewal = world.client.v1.invoices.list({"subscription": made.id}).data[0]
    assert (renewal.created, renewal.status) == (made.trial_end, "paid")
    assert renewal.status_transitions.paid_at == renewal.created + 3600
    assert "30 days after" in web.get(world.url).text


def test_who_lives_on_a_test_clock_skips_nothing(world: World) -> None:
    clock = world.client.v1.test_helpers.test_clocks.create({"frozen_time": 1_800_000_000})
    customer = world.customer(test_clock=clock.id)
    price = world.price()
    made = world.client.v1.subscriptions.create(
        {"customer": customer.id, "items": [{"price": price.id}]}
    )
    web.post(f"{world.url}/clock/skip", data={"days": "40"})
    assert len(world.client.v1.invoices.list({"subscription": made.id}).data) == 1


def test_skipped_days_outlive_a_restart(tmp_path: Path) -> None:
    def opened() -> Store:
        return Store(tmp_path / "stripe.sqlite3", public_url="http://x", clock=Clock(lambda: 1000))

    store = opened()
    with store.transaction() as state:
        due.skip(state, 5 * DAY)
    store.close()
    again = opened()
    assert again.clock.now() == 1000 + 5 * DAY
    again.close()


def test_a_skip_that_fails_moves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "stripe.sqlite3", public_url="http://x", clock=Clock(lambda: 1000))
    with pytest.raises(sqlite3.Error), store.transaction() as state:
        _skip_and_fail(state)
    assert store.clock.now() == 1000
    store.close()


def _skip_and_fail(state: State) -> None:
    state.skip(DAY)
    state.connection.execute("no SQL")


def test_one_customers_fault_does_not_stop_the_time_of_others(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    broken, sound = world.subscription(2900), world.subscription(900)
    with world.store.transaction() as state:
        item = state.select("subscription_item", {"subscription": broken.id})[0]
        state.save(item | {"price": "price_gone"})
    world.pass_until(sound["items"].data[0].current_period_end + 3601)
    assert "could not be done" in caplog.text
    assert len(world.client.v1.invoices.list({"subscription": sound.id}).data) == 2


@pytest.mark.parametrize("days", ["0", "-1", "many", "401", ""])
def test_days_that_cannot_be_skipped_are_told(world: World, days: str) -> None:
    answer = web.post(f"{world.url}/clock/skip", data={"days": days})
    assert (answer.status_code, "whole days" in answer.text) == (400, True)


def test_webhooks_come_twice_and_in_any_order(world: World) -> None:
    fields = {"delay": "1", "copies": "2", "order": "random"}
    assert web.post(f"{world.url}/settings/delivery", data=fields).status_code == 303
    for number in range(8):
        world.client.v1.products.create({"name": f"P{number}"})
    assert not world.app.heard
    eventually(lambda: len(world.app.heard) == 16)
    heard = [event["data"]["object"]["name"] for event in world.app.events]
    assert sorted(heard) == sorted([f"P{number}" for number in range(8)] * 2)
    assert heard != sorted(heard)


@pytest.mark.parametrize("fields", [{"delay": "-1"}, {"delay": "601"}, {"copies": "9"}])
def test_a_delivery_that_makes_no_sense_is_told(world: World, fields: dict[str, str]) -> None:
    assert web.post(f"{world.url}/settings/delivery", data=fields).status_code == 400


@pytest.mark.parametrize(
    ("final", "status"),
    [("cancel", "canceled"), ("mark_unpaid", "unpaid"), ("leave_past_due", "past_due")],
)
def test_a_renewal_is_tried_as_told_and_then_given_up(
    world: World, final: str, status: str
) -> None:
    web.post(f"{world.url}/settings/retries", data={"days": "1 2", "final": final})
    made = world.subscription(2900)
    bad = world.client.v1.payment_methods.attach(
        "pm_card_chargeCustomerFail", {"customer": str(made.customer)}
    )
    world.client.v1.subscriptions.update(made.id, {"default_payment_method": bad.id})
    world.pass_until(made["items"].data[0].current_period_end + 4 * DAY)
    found = world.client.v1.subscriptions.retrieve(made.id, {"expand": ["latest_invoice"]})
    assert found.status == status
    unpaid = found.latest_invoice
    assert (unpaid.attempt_count, unpaid.next_payment_attempt, unpaid.status) == (3, None, "open")  # type: ignore[union-attr]
    if final == "cancel":
        assert found.cancellation_details
        assert found.cancellation_details.reason == "payment_failed"


@pytest.mark.parametrize("fields", [{"days": "0"}, {"days": "x"}, {"days": "1", "final": "shout"}])
def test_retries_that_make_no_sense_are_told(world: World, fields: dict[str, str]) -> None:
    assert web.post(f"{world.url}/settings/retries", data=fields).status_code == 400
