"""Usage: what the events of a meter come to for a customer in a period."""

import re
from typing import Any

import stripe

from stripe_simulator.errors import StripeError, invalid, missing
from stripe_simulator.identifiers import new_id
from stripe_simulator.shapes import Json, shape
from stripe_simulator.sources import assumed, documented
from stripe_simulator.store import State

DAY = 24 * 3600
_PAST, _FUTURE = 35 * DAY, 5 * 60
_UNIQUE_FOR = DAY
_WITHIN = (
    "FROM meter_events WHERE event_name = ? AND customer = ? AND timestamp >= ? AND timestamp < ?"
    " AND canceled = 0"
)
_FORMULAS = {
    "count": f"SELECT count(*) {_WITHIN}",
    "last": f"SELECT value {_WITHIN} ORDER BY timestamp DESC, seq DESC LIMIT 1",
    "sum": f"SELECT coalesce(sum(value), 0) {_WITHIN}",
}


@documented("billing/subscriptions/usage-based/meters/configure#aggregation-formula")
def usage(state: State, meter: Json, customer: str, *, start: int, end: int) -> int:
    """The meter's value over [start, end), in its own unit."""
    formula = _FORMULAS[meter["default_aggregation"]["formula"]]
    row = state.connection.execute(
        formula,
        (meter["event_name"], customer, start, end),
    ).fetchone()
    return int(row[0]) if row else 0


@documented("billing/subscriptions/usage-based/recording-usage-api#negative-values")
def billable(state: State, subscription: Json, price: Json, *, start: int, end: int) -> int:
    """The quantity that a metered price bills for a period: never less than nothing."""
    meter = state.require("billing.meter", price["recurring"]["meter"])
    return max(usage(state, meter, subscription["customer"], start=start, end=end), 0)


@documented("api/billing/meter-event/create")
def record(state: State, params: dict[str, Any]) -> Json:
    """Take an event of at most 35 days ago and 5 minutes ahead.

    Raises StripeError; for an identifier that was used in the last 24 hours, too.
    """
    name, payload = params["event_name"], params["payload"]
    meters = state.select("billing.meter", {"event_name": name, "status": "active"})
    if not meters:
        raise invalid(f"No active meter found for event name: '{name}'.", "event_name")
    customer, value = _payload(state, meters[-1], payload)
    moment = params.get("timestamp", state.now())
    if not state.now() - _PAST <= moment <= state.now() + _FUTURE:
        raise invalid(
            "The timestamp must be within the past 35 calendar days or up to 5 minutes in the "
            "future.",
            "timestamp",
            code="timestamp_invalid",
        )
    identifier = params.get("identifier") or new_id("mtrevt")
    if _find(state, identifier):
        raise invalid(
            f"An event already exists with identifier {identifier}.",
            "identifier",
            code="duplicate_meter_event",
        )
    state.connection.execute(
        "INSERT INTO meter_events (identifier, event_name, customer, timestamp, value, created)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (identifier, name, customer, moment, value, state.now()),
    )
    return shape(
        stripe.billing.MeterEvent,
        created=state.now(),
        event_name=name,
        identifier=identifier,
        livemode=False,
        payload=payload,
        timestamp=moment,
    )


@documented("billing/subscriptions/usage-based/recording-usage-api: values are whole numbers")
@assumed("a fault of the payload is answered at once; Stripe reports some only later, as an event")
def _payload(state: State, meter: Json, payload: dict[str, str]) -> tuple[str, int]:
    customer_key = meter["customer_mapping"]["event_payload_key"]
    if customer_key not in payload:
        raise missing(f"payload[{customer_key}]")
    customer = payload[customer_key]
    state.require("customer", customer, param=f"payload[{customer_key}]", status=400)
    value_key = meter["value_settings"]["event_payload_key"]
    if meter["default_aggregation"]["formula"] == "count":
        return customer, 1
    if value_key not in payload:
        raise missing(f"payload[{value_key}]")
    if not re.fullmatch(r"-?\d{1,15}", payload[value_key]):
        raise invalid("The value must be a whole number.", f"payload[{value_key}]")
    return customer, int(payload[value_key])


def _find(state: State, identifier: str) -> Any:
    """The event of the last 24 hours that has this identifier."""
    return state.connection.execute(
        "SELECT seq, event_name, canceled FROM meter_events WHERE identifier = ? AND created > ?",
        (identifier, state.now() - _UNIQUE_FOR),
    ).fetchone()


def customer_of(state: State, identifier: str) -> str:
    """Whose event it is, the newest of this identifier."""
    [customer] = state.connection.execute(
        "SELECT customer FROM meter_events WHERE identifier = ? ORDER BY seq DESC LIMIT 1",
        (identifier,),
    ).fetchone()
    return str(customer)


@documented("api/billing/meter-event-adjustment/create: within 24 hours")
def cancel(state: State, name: str, identifier: str | None) -> Json:
    """Take an event back. Raises StripeError for one that is not known, or is too old."""
    if not identifier:
        raise missing("cancel[identifier]")
    found = _find(state, identifier)
    if found is None or found[1] != name:
        raise StripeError(
            f"No event of the last 24 hours with identifier {identifier} was found.",
            code="resource_missing",
            param="cancel[identifier]",
        )
    if found[2]:
        raise invalid("This event was cancelled already.", "cancel[identifier]")
    state.connection.execute("UPDATE meter_events SET canceled = 1 WHERE seq = ?", (found[0],))
    return shape(
        stripe.billing.MeterEventAdjustment,
        cancel={"identifier": identifier},
        event_name=name,
        livemode=False,
        status="complete",
        type="cancel",
    )
