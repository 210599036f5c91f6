"""Disputes: https://docs.stripe.com/api/disputes."""

from stripe_simulator.errors import NotSimulated
from stripe_simulator.listing import PAGING, page
from stripe_simulator.metadata import merge_metadata
from stripe_simulator.registry import Call, route
from stripe_simulator.rules import disputing
from stripe_simulator.shapes import Json


@route("GET", "/v1/disputes/{dispute}")
def retrieve(call: Call) -> Json:
    return call.state.require("dispute", call.path["dispute"], param="dispute")


@route("POST", "/v1/disputes/{dispute}", honours="evidence metadata submit")
def update(call: Call) -> Json:
    dispute = retrieve(call)
    merge_metadata(dispute, call.params)
    call.state.save(dispute)
    evidence = call.params.get("evidence") or {}
    if "enhanced_evidence" in evidence:
        raise NotSimulated("Enhanced evidence", param="evidence[enhanced_evidence]")
    if not evidence and "submit" not in call.params:
        return dispute
    submit = call.params.get("submit", True)
    return disputing.answer(call.state, dispute, evidence, submit=submit)


@route("POST", "/v1/disputes/{dispute}/close")
def close(call: Call) -> Json:
    return disputing.accept(call.state, retrieve(call))


@route("GET", "/v1/disputes", honours=f"{PAGING} charge payment_intent")
def list_all(call: Call) -> Json:
    where = {name: call.params.get(name) for name in ("charge", "payment_intent")}
    return page(call, "dispute", where)
