"""Test clocks: https://docs.stripe.com/api/test_clocks."""

import stripe

from stripe_simulator.events import emit
from stripe_simulator.identifiers import new_id
from stripe_simulator.listing import PAGING, page
from stripe_simulator.registry import Call, route
from stripe_simulator.rules import clocks
from stripe_simulator.shapes import Json, shape


@route("POST", "/v1/test_helpers/test_clocks", honours="frozen_time name")
def create(call: Call) -> Json:
    clock = shape(
        stripe.test_helpers.TestClock,
        id=new_id("clock"),
        created=call.state.clock.now(),
        deletes_after=clocks.expires(call.state),
        frozen_time=call.params["frozen_time"],
        livemode=False,
        name=call.params.get("name"),
        status="ready",
        status_details={},
    )
    call.state.save(clock)
    emit(call.state, "test_helpers.test_clock.created", clock)
    return clock


@route("GET", "/v1/test_helpers/test_clocks/{test_clock}")
def retrieve(call: Call) -> Json:
    return _require(call)


@route("POST", "/v1/test_helpers/test_clocks/{test_clock}/advance", honours="frozen_time")
def advance(call: Call) -> Json:
    return clocks.advance(call.state, _require(call), call.params["frozen_time"])


@route("DELETE", "/v1/test_helpers/test_clocks/{test_clock}")
def delete(call: Call) -> Json:
    clock = _require(call)
    clocks.remove(call.state, clock)
    return {"id": clock["id"], "object": clocks.KIND, "deleted": True}


@route("GET", "/v1/test_helpers/test_clocks", honours=PAGING)
def list_all(call: Call) -> Json:
    return page(call, clocks.KIND)


def _require(call: Call) -> Json:
    return call.state.require(clocks.KIND, call.path["test_clock"], param="test_clock")
