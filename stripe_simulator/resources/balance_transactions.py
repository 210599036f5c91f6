"""Balance transactions: https://docs.stripe.com/api/balance_transactions."""

from stripe_simulator.listing import PAGING, page
from stripe_simulator.registry import Call, route
from stripe_simulator.shapes import Json


@route("GET", "/v1/balance_transactions/{id}")
def retrieve(call: Call) -> Json:
    return call.state.require("balance_transaction", call.path["id"])


@route("GET", "/v1/balance_transactions", honours=f"{PAGING} source type")
def list_all(call: Call) -> Json:
    where = {name: call.params.get(name) for name in ("source", "type")}
    return page(call, "balance_transaction", where)
