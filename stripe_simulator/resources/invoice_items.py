"""Invoice items: https://docs.stripe.com/api/invoiceitems. Proration lines that wait for, or
are on, an invoice."""

from stripe_simulator.listing import PAGING, page
from stripe_simulator.registry import Call, route
from stripe_simulator.shapes import Json


@route("GET", "/v1/invoiceitems/{invoiceitem}")
def retrieve(call: Call) -> Json:
    return call.state.require("invoiceitem", call.path["invoiceitem"], param="invoiceitem")


@route("GET", "/v1/invoiceitems", honours=f"{PAGING} customer invoice")
def list_all(call: Call) -> Json:
    where = {name: call.params.get(name) for name in ("customer", "invoice")}
    return page(call, "invoiceitem", where)
