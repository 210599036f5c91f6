"""Invoice items: https://docs.stripe.com/api/invoiceitems. Lines that wait for, or are
on, an invoice."""

from stripe_simulator.listing import PAGING, page
from stripe_simulator.registry import Call, route
from stripe_simulator.rules import one_off
from stripe_simulator.shapes import Json

_HONOURED = (
    "amount currency customer description discountable invoice metadata period pricing quantity "
    "tax_rates unit_amount_decimal"
)


@route("POST", "/v1/invoiceitems", honours=_HONOURED)
def create(call: Call) -> Json:
    return one_off.add_item(call.state, call.params)


@route("GET", "/v1/invoiceitems/{invoiceitem}")
def retrieve(call: Call) -> Json:
    return _require(call)


@route("DELETE", "/v1/invoiceitems/{invoiceitem}")
def delete(call: Call) -> Json:
    return one_off.remove_item(call.state, _require(call))


@route("GET", "/v1/invoiceitems", honours=f"{PAGING} customer invoice")
def list_all(call: Call) -> Json:
    where = {name: call.params.get(name) for name in ("customer", "invoice")}
    return page(call, "invoiceitem", where)


def _require(call: Call) -> Json:
    return call.state.require("invoiceitem", call.path["invoiceitem"], param="invoiceitem")
