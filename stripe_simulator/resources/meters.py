"""Meters, their events and what those come to: https://docs.stripe.com/api/billing/meter."""

from typing import Any

import stripe

from stripe_simulator.errors import StripeError, invalid
from stripe_simulator.events import emit
from stripe_simulator.identifiers import new_id
from stripe_simulator.listing import PAGING, page
from stripe_simulator.presentation import present
from stripe_simulator.registry import Call, route
from stripe_simulator.rules import metering, renewing
from stripe_simulator.shapes import Json, list_object, shape

_HONOURED = (
    "customer_mapping default_aggregation display_name event_name event_time_window value_settings"
)
_WINDOWS = {"day": 24 * 3600, "hour": 3600}


@route("POST", "/v1/billing/meters", honours=_HONOURED)
def create(call: Call) -> Json:
    params, kind = call.params, stripe.billing.Meter
    name = params["event_name"]
    if call.state.select("billing.meter", {"event_name": name, "status": "active"}):
        raise StripeError(
            f"An active meter with the event name `{name}` already exists.",
            code="resource_already_exists",
            param="event_name",
        )
    meter = shape(
        kind,
        id=new_id("mtr"),
        created=call.now,
        customer_mapping=params.get(
            "customer_mapping", {"event_payload_key": "stripe_customer_id", "type": "by_id"}
        ),
        default_aggregation=params["default_aggregation"],
        display_name=params["display_name"],
        event_name=name,
        event_time_window=params.get("event_time_window"),
        livemode=False,
        status="active",
        status_transitions=shape(kind.StatusTransitions),
        updated=call.now,
        value_settings=params.get("value_settings", {"event_payload_key": "value"}),
    )
    call.state.save(meter)
    emit(call.state, "billing.meter.created", meter)
    return meter


@route("GET", "/v1/billing/meters/{id}")
def retrieve(call: Call) -> Json:
    return call.state.require("billing.meter", call.path["id"])


@route("POST", "/v1/billing/meters/{id}", honours="display_name")
def update(call: Call) -> Json:
    return _changed(call, "billing.meter.updated", **call.params)


@route("POST", "/v1/billing/meters/{id}/deactivate")
def deactivate(call: Call) -> Json:
    transitions = {"deactivated_at": call.now}
    return _changed(
        call, "billing.meter.deactivated", status="inactive", status_transitions=transitions
    )


@route("POST", "/v1/billing/meters/{id}/reactivate")
def reactivate(call: Call) -> Json:
    transitions = {"deactivated_at": None}
    return _changed(
        call, "billing.meter.reactivated", status="active", status_transitions=transitions
    )


def _changed(call: Call, event: str, **values: Any) -> Json:
    meter = retrieve(call)
    before = present(call.state, meter)
    values.pop("expand", None)
    meter |= {**values, "updated": call.now}
    call.state.save(meter)
    emit(call.state, event, meter, before=before)
    return meter


@route("GET", "/v1/billing/meters", honours=f"{PAGING} status")
def list_all(call: Call) -> Json:
    return page(call, "billing.meter", {"status": call.params.get("status")})


@route("POST", "/v1/billing/meter_events", honours="event_name identifier payload timestamp")
def record(call: Call) -> Json:
    made = metering.record(call.state, call.params)
    renewing.count_drafts_again(call.state, metering.customer_of(call.state, made["identifier"]))
    return made


@route("POST", "/v1/billing/meter_event_adjustments", honours="cancel event_name type")
def adjust(call: Call) -> Json:
    identifier = (call.params.get("cancel") or {}).get("identifier")
    made = metering.cancel(call.state, call.params["event_name"], identifier)
    renewing.count_drafts_again(call.state, metering.customer_of(call.state, str(identifier)))
    return made


@route(
    "GET",
    "/v1/billing/meters/{id}/event_summaries",
    honours="customer end_time limit starting_after ending_before start_time value_grouping_window",
)
def summaries(call: Call) -> Json:
    """What the meter counted: over the whole span, or by window with the newest first."""
    meter, params = retrieve(call), call.params
    call.state.require("customer", params["customer"], param="customer", status=400)
    start, end = params["start_time"], params["end_time"]
    window = params.get("value_grouping_window")
    length = _WINDOWS[window] if window else 60
    if start >= end:
        raise invalid("Must be before `end_time`.", "start_time")
    for name in ("start_time", "end_time"):
        if params[name] % length:
            raise invalid(f"Must be aligned with {window or 'minute'} boundaries.", name)
    limit = params.get("limit", 10)
    spans = [(start, end)]
    if window:
        spans = [(at, at + length) for at in range(start, end, length)][::-1]
    spans = _after(spans, call)
    data = [_summary(call, meter, span) for span in spans[:limit]]
    return list_object(data, url=call.url, has_more=len(spans) > limit)


def _after(spans: list[tuple[int, int]], call: Call) -> list[tuple[int, int]]:
    """From the cursor on; a summary's identifier ends with its start."""
    cursor = call.params.get("starting_after")
    return [span for span in spans if span[0] < int(cursor.rpartition("_")[2])] if cursor else spans


def _summary(call: Call, meter: Json, span: tuple[int, int]) -> Json:
    value = metering.usage(call.state, meter, call.params["customer"], start=span[0], end=span[1])
    return shape(
        stripe.billing.MeterEventSummary,
        id=f"mtrusg_test_{meter['id']}_{span[0]}",
        aggregated_value=value,
        end_time=span[1],
        livemode=False,
        meter=meter["id"],
        start_time=span[0],
    )
