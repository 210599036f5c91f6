"""Invoice payments: https://docs.stripe.com/api/invoice-payment. What ties a payment intent to
an invoice."""

from stripe_simulator.listing import PAGING, page
from stripe_simulator.registry import Call, route
from stripe_simulator.shapes import Json


@route("GET", "/v1/invoice_payments/{invoice_payment}")
def retrieve(call: Call) -> Json:
    return call.state.require("invoice_payment", call.path["invoice_payment"])


@route("GET", "/v1/invoice_payments", honours=f"{PAGING} invoice payment status")
def list_all(call: Call) -> Json:
    where = {name: call.params.get(name) for name in ("invoice", "status")}
    for name, value in (call.params.get("payment") or {}).items():
        where[f"payment.{name}"] = value
    return page(call, "invoice_payment", where)
