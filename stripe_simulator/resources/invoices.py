"""Invoices and their lines: https://docs.stripe.com/api/invoices."""

from typing import Any

from stripe_simulator.events import emit
from stripe_simulator.listing import PAGING, page
from stripe_simulator.metadata import merge_metadata
from stripe_simulator.presentation import present
from stripe_simulator.registry import Call, route
from stripe_simulator.rules import invoicing, one_off, paying, previewing, renewing
from stripe_simulator.shapes import Json

_HONOURED = (
    "auto_advance automatic_tax collection_method currency customer default_payment_method "
    "default_tax_rates description discounts metadata pending_invoice_items_behavior"
)
_WRITABLE = (
    "auto_advance automatic_tax default_payment_method default_tax_rates description discounts "
    "footer metadata"
)


@route("POST", "/v1/invoices", honours=_HONOURED)
def create(call: Call) -> Json:
    return one_off.open_draft(call.state, call.params)


@route("POST", "/v1/invoices/create_preview", honours=previewing.HONOURED)
def create_preview(call: Call) -> Json:
    return previewing.preview(call.state, call.params)


@route("DELETE", "/v1/invoices/{invoice}")
def delete(call: Call) -> Json:
    return one_off.delete_draft(call.state, _require(call))


@route("GET", "/v1/invoices/{invoice}")
def retrieve(call: Call) -> Json:
    return _require(call)


@route("POST", "/v1/invoices/{invoice}", honours=_WRITABLE)
def update(call: Call) -> Json:
    invoice = _require(call)
    before = present(call.state, invoice)
    if method := call.params.get("default_payment_method"):
        one_off.require_method(call.state, method, invoice["customer"])
    for name in ("auto_advance", "default_payment_method", "description", "footer"):
        if name in call.params:
            invoice[name] = call.params[name] if call.params[name] != "" else None
    if invoice["status"] == "draft" and call.params.get("auto_advance") is False:
        invoicing.hold(invoice)
    merge_metadata(invoice, call.params)
    one_off.set_terms(call.state, invoice, call.params)
    call.state.save(invoice)
    emit(call.state, "invoice.updated", invoice, before=before)
    return invoice


@route("POST", "/v1/invoices/{invoice}/finalize", honours="auto_advance")
def finalize(call: Call) -> Json:
    invoice = _require(call)
    renewing.count_again(call.state, invoice)
    return invoicing.finalize(call.state, invoice, auto_advance=call.params.get("auto_advance"))


@route("POST", "/v1/invoices/{invoice}/pay", honours="payment_method off_session")
def pay(call: Call) -> Json:
    """Pay now. Raises CardError when the card is declined; the attempt stays on record."""
    invoice = _require(call)
    decline = paying.pay(call.state, invoice, payment_method=call.params.get("payment_method"))
    if decline is not None:
        raise decline.error()
    return invoice


@route("POST", "/v1/invoices/{invoice}/void")
def void(call: Call) -> Json:
    return invoicing.void(call.state, _require(call))


@route("POST", "/v1/invoices/{invoice}/mark_uncollectible")
def mark_uncollectible(call: Call) -> Json:
    return invoicing.mark_uncollectible(call.state, _require(call))


@route("GET", "/v1/invoices/{invoice}/lines", honours="limit starting_after ending_before")
def list_lines(call: Call) -> Json:
    _require(call)
    return page(call, "line_item", {"invoice": call.path["invoice"]}, newest_first=False)


@route("GET", "/v1/invoices", honours=f"{PAGING} collection_method customer status subscription")
def list_all(call: Call) -> Json:
    where: dict[str, Any] = {
        name: call.params.get(name) for name in ("collection_method", "customer", "status")
    }
    where["parent.subscription_details.subscription"] = call.params.get("subscription")
    return page(call, "invoice", where)


def _require(call: Call) -> Json:
    return call.state.require("invoice", call.path["invoice"], param="invoice")
