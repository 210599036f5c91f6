"""Refunds: https://docs.stripe.com/api/refunds."""

from stripe_simulator.errors import StripeError, missing
from stripe_simulator.events import emit
from stripe_simulator.listing import PAGING, page
from stripe_simulator.metadata import merge_metadata
from stripe_simulator.presentation import present
from stripe_simulator.registry import Call, route
from stripe_simulator.rules.refunding import refund
from stripe_simulator.shapes import Json


@route("POST", "/v1/refunds", honours="amount charge metadata payment_intent reason")
def create(call: Call) -> Json:
    return refund(
        call.state,
        _charge(call),
        amount=call.params.get("amount"),
        reason=call.params.get("reason"),
        params=call.params,
    )


def _charge(call: Call) -> Json:
    if id := call.params.get("charge"):
        return call.state.require("charge", id, param="charge", status=400)
    if id := call.params.get("payment_intent"):
        intent = call.state.require("payment_intent", id, param="payment_intent", status=400)
        if intent["status"] != "succeeded":
            raise StripeError(
                f"This PaymentIntent ({id}) does not have a successful charge to refund."
            )
        return call.state.require("charge", intent["latest_charge"])
    raise missing("charge")


@route("GET", "/v1/refunds/{refund}")
def retrieve(call: Call) -> Json:
    return call.state.require("refund", call.path["refund"], param="refund")


@route("POST", "/v1/refunds/{refund}", honours="metadata")
def update(call: Call) -> Json:
    found = retrieve(call)
    before = present(call.state, found)
    merge_metadata(found, call.params)
    call.state.save(found)
    emit(call.state, "refund.updated", found, before=before)
    return found


@route("GET", "/v1/refunds", honours=f"{PAGING} charge payment_intent")
def list_all(call: Call) -> Json:
    where = {name: call.params.get(name) for name in ("charge", "payment_intent")}
    return page(call, "refund", where)
