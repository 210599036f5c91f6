"""Subscription schedules: https://docs.stripe.com/api/subscription_schedules."""

from stripe_simulator.errors import invalid
from stripe_simulator.listing import PAGING, page
from stripe_simulator.metadata import merge_metadata
from stripe_simulator.registry import Call, route
from stripe_simulator.rules import cancellation, schedules
from stripe_simulator.shapes import Json

_CREATE = (
    "billing_mode customer default_settings end_behavior from_subscription metadata phases "
    "start_date"
)


@route("POST", "/v1/subscription_schedules", honours=_CREATE)
def create(call: Call) -> Json:
    if "from_subscription" in call.params:
        for name in ("phases", "customer", "end_behavior"):
            if name in call.params:
                raise invalid(f"`from_subscription` takes no `{name}`.", name)
        schedule = schedules.from_subscription(call.state, call.params["from_subscription"])
        merge_metadata(schedule, call.params)
        return call.state.save(schedule)
    return schedules.create(call.state, call.params)


@route("GET", "/v1/subscription_schedules/{schedule}")
def retrieve(call: Call) -> Json:
    return _require(call)


@route(
    "POST",
    "/v1/subscription_schedules/{schedule}",
    honours="end_behavior metadata phases proration_behavior",
)
def update(call: Call) -> Json:
    schedule = _require(call)
    merge_metadata(schedule, call.params)
    schedules.update(call.state, schedule, call.params)
    return schedule


@route("POST", "/v1/subscription_schedules/{schedule}/release")
def release(call: Call) -> Json:
    return schedules.release(call.state, _require(call))


@route("POST", "/v1/subscription_schedules/{schedule}/cancel", honours="invoice_now prorate")
def cancel(call: Call) -> Json:
    """End the schedule, and its subscription with it."""
    schedule = _require(call)
    if schedule["subscription"]:
        subscription = call.state.require("subscription", schedule["subscription"])
        cancellation.cancel_now(
            call.state,
            subscription,
            invoice_now=call.params.get("invoice_now", True),
            prorate=call.params.get("prorate", True),
        )
        return _require(call)
    return schedules.cancel_unbegun(call.state, schedule)


@route("GET", "/v1/subscription_schedules", honours=f"{PAGING} customer")
def list_all(call: Call) -> Json:
    return page(call, "subscription_schedule", {"customer": call.params.get("customer")})


def _require(call: Call) -> Json:
    return call.state.require("subscription_schedule", call.path["schedule"], param="schedule")
