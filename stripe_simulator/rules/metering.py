"""Usage: what the events of a meter come to for a customer in a period."""

from stripe_simulator.shapes import Json
from stripe_simulator.sources import documented
from stripe_simulator.store import State

_FORMULAS = {
    "count": "count(*)",
    "last": "coalesce((SELECT value FROM within ORDER BY timestamp DESC, seq DESC LIMIT 1), 0)",
    "sum": "coalesce(sum(value), 0)",
}
_WITHIN = (
    "WITH within AS (SELECT * FROM meter_events WHERE event_name = ? AND customer = ?"
    " AND timestamp >= ? AND timestamp < ? AND canceled = 0)"
)


@documented("billing/subscriptions/usage-based/meters/configure#aggregation-formula")
def usage(state: State, meter: Json, customer: str, *, start: int, end: int) -> int:
    """The meter's value over [start, end), in its own unit."""
    formula = _FORMULAS[meter["default_aggregation"]["formula"]]
    row = state.connection.execute(
        f"{_WITHIN} SELECT {formula} FROM within",
        (meter["event_name"], customer, start, end),
    ).fetchone()
    return int(row[0])


@documented("billing/subscriptions/usage-based/recording-usage-api#negative-values")
def billable(state: State, subscription: Json, price: Json, *, start: int, end: int) -> int:
    """The quantity that a metered price bills for a period: never less than nothing."""
    meter = state.require("billing.meter", price["recurring"]["meter"])
    return max(usage(state, meter, subscription["customer"], start=start, end=end), 0)
