"""Test clocks: whose time a request lives in, and letting a clock's time pass."""

from typing import Any

from stripe_simulator.errors import StripeError, invalid
from stripe_simulator.events import emit
from stripe_simulator.objects.subscription_items import items_of, price_of
from stripe_simulator.objects.subscriptions import RENEWING
from stripe_simulator.rules import due
from stripe_simulator.rules.periods import add_months, boundary_after
from stripe_simulator.shapes import Json
from stripe_simulator.sources import assumed, documented
from stripe_simulator.store import State

KIND = "test_helpers.test_clock"
MAX_CUSTOMERS = 3
_NAMED_BY = (
    *("test_clock", "customer", "subscription", "from_subscription", "invoice", "schedule"),
    *("charge", "payment_intent"),
)
_MAX_INTERVALS = 2
_KEPT = 30 * 24 * 3600


def time_of(state: State, path: dict[str, str], params: dict[str, Any]) -> int | None:
    """The frozen time that a request lives in; None for the simulator's own.

    It is that of the object in the path, or of the first one that the parameters name.
    """
    payload = params.get("payload") or {}  # a meter event names its customer in there
    named = [*path.values(), *(params.get(name) for name in _NAMED_BY), *payload.values()]
    for id in named:
        thing = state.find(id) if isinstance(id, str) else None
        if thing is not None and (frozen := frozen_at(state, thing)) is not None:
            return frozen
    return None


def frozen_at(state: State, thing: Json) -> int | None:
    """The frozen time of the test clock that an object is tied to, by itself or its customer."""
    if thing["object"] == KIND:
        return int(thing["frozen_time"])
    if thing["object"] == "subscription_item":
        thing = state.require("subscription", thing["subscription"])
    if "invoice" in thing and not thing.get("customer"):
        thing = state.get("invoice", thing["invoice"] or "") or thing
    customer = thing.get("customer") or thing.get("_customer")
    owner = thing if thing["object"] == "customer" else state.get("customer", customer or "")
    clock = state.get(KIND, (owner or {}).get("test_clock") or "")
    return int(clock["frozen_time"]) if clock else None


@documented("billing/testing/test-clocks/api-advanced-usage#advance-clock")
def advance(state: State, clock: Json, to: int) -> Json:
    """Let time pass up to `to`. The answer says `advancing`; what is then asked finds it `ready`."""
    if to <= clock["frozen_time"]:
        raise invalid("`frozen_time` must be later than the clock's.", "frozen_time")
    limit = _limit(state, clock)
    if to > limit:
        raise invalid(
            "You can only advance a test clock by at most two of its customers' shortest "
            "billing intervals at a time, and by two years where they have none.",
            "frozen_time",
            code="test_clock_advance_limit",
        )
    started = clock | {"status": "advancing", "status_details": {"advancing": {"target": to}}}
    emit(state, "test_helpers.test_clock.advancing", started)
    due.advance(state, clock=clock["id"], until=to)
    clock["frozen_time"] = to
    state.save(clock)
    with state.at(to):
        emit(state, "test_helpers.test_clock.ready", clock)
    return started | {"frozen_time": to}


def _limit(state: State, clock: Json) -> int:
    """Two intervals of the shortest price from now on; two years without subscriptions."""
    limits = [add_months(clock["frozen_time"], 24)]
    for subscription in state.select("subscription", {"test_clock": clock["id"]}):
        if subscription["status"] not in RENEWING:
            continue
        for item in items_of(state, subscription["id"]):
            every, at = price_of(state, item)["recurring"], clock["frozen_time"]
            count = every["interval_count"] * _MAX_INTERVALS
            limits.append(boundary_after(at, anchor=at, interval=every["interval"], count=count))
    return min(limits)


def attachable(state: State, clock: str) -> str:
    """The identifier of a clock that may have one customer more. Raises StripeError."""
    state.require(KIND, clock, param="test_clock", status=400)
    if len(state.select("customer", {"test_clock": clock})) >= MAX_CUSTOMERS:
        raise StripeError(f"A test clock has at most {MAX_CUSTOMERS} customers.")
    return clock


@documented("billing/testing/test-clocks: deleting a clock deletes its customers")
@assumed("no events tell of the customers that go with a clock")
def remove(state: State, clock: Json) -> None:
    for customer in state.select("customer", {"test_clock": clock["id"]}):
        for subscription in state.select("subscription", {"customer": customer["id"]}):
            if subscription["status"] in (*RENEWING, "incomplete", "paused"):
                subscription.update(status="canceled", ended_at=clock["frozen_time"])
                state.save(subscription)
        state.save({"id": customer["id"], "object": "customer", "deleted": True})
    state.remove(KIND, clock["id"])
    emit(state, "test_helpers.test_clock.deleted", clock)


def expires(state: State) -> int:
    return state.clock.now() + _KEPT
