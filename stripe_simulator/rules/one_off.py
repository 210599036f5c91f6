"""Invoices that no subscription makes: the app's own items, on a draft of its own or on whichever
invoice comes next (Stripe, "Create and send an invoice", "Add items to an upcoming invoice")."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from stripe_simulator.errors import NotSimulated, StripeError, invalid
from stripe_simulator.events import emit
from stripe_simulator.metadata import merge_metadata
from stripe_simulator.objects.invoice_items import loose_items, new_amount_item
from stripe_simulator.objects.invoices import new_invoice
from stripe_simulator.objects.prices import item_amount, sold_in
from stripe_simulator.presentation import present
from stripe_simulator.rules import invoicing
from stripe_simulator.rules.discounting import redeem
from stripe_simulator.rules.pending import claim, line_of
from stripe_simulator.shapes import Json
from stripe_simulator.store import State


def add_item(state: State, params: dict[str, Any]) -> Json:
    """An item of an amount or a price: on the draft that it names, else waiting for an invoice."""
    customer = _customer(state, params)
    price = _price(state, params)
    draft = None
    if params.get("invoice"):
        draft = state.require("invoice", params["invoice"], param="invoice", status=400)
        if draft["customer"] != customer["id"]:
            raise invalid("The invoice belongs to another customer.", "invoice")
        _require_draft(draft)
    currency = params.get("currency") or (draft or {}).get("currency") or customer["currency"]
    if not currency:
        raise invalid("You must pass a `currency`.", "currency")
    if draft and draft["currency"] != currency:
        raise invalid("The currency differs from the invoice's.", "currency")
    quantity = params.get("quantity", 1)
    period = params.get("period") or {"start": state.now(), "end": state.now()}
    item = new_amount_item(
        state,
        customer=customer["id"],
        amount=_amount(params, price, quantity, currency),
        currency=currency,
        description=params.get("description") or _name(state, price),
        period=(period["start"], period["end"]),
        invoice=draft["id"] if draft else None,
        price=price,
        quantity=quantity,
        discountable=params.get("discountable"),
        tax_rates=params.get("tax_rates"),
    )
    merge_metadata(item, params)
    state.save(item)
    emit(state, "invoiceitem.created", item)
    if draft:
        before = present(state, draft)
        invoicing.add_lines(state, draft, [line_of(state, item)])
        emit(state, "invoice.updated", draft, before=before)
    return item


def _price(state: State, params: dict[str, Any]) -> Json | None:
    id = params.get("price") or (params.get("pricing") or {}).get("price")
    if id is None:
        return None
    if "amount" in params:
        raise invalid("Pass either an amount or a price.", "amount")
    return state.require("price", id, param="pricing[price]", status=400)


def _amount(params: dict[str, Any], price: Json | None, quantity: int, currency: str) -> int:
    """What the item asks for, in minor units. Raises StripeError."""
    if price is not None:
        if not sold_in(price, currency):
            raise invalid(f"The price has no amount in {currency}.", "pricing[price]")
        return item_amount(price, quantity, currency)
    if "amount" in params:
        return int(params["amount"])
    exact = params.get("unit_amount_decimal", params.get("unit_amount"))
    if exact is None:
        raise NotSimulated("An invoice item without an `amount`", param="amount")
    whole = (Decimal(str(exact)) * quantity).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return int(whole)


def _name(state: State, price: Json | None) -> str | None:
    return str(state.require("product", price["product"])["name"]) if price else None


def set_terms(state: State, invoice: Json, params: dict[str, Any]) -> None:
    """Discounts and taxes of a draft (saved, and added up). Raises StripeError on another."""
    if not {"discounts", "default_tax_rates", "automatic_tax"} & params.keys():
        return
    _require_draft(invoice)
    if "discounts" in params:
        invoice["discounts"] = redeem(
            state,
            params["discounts"] or None,
            customer=invoice["customer"],
            currency=invoice["currency"],
            subtotal=invoice["subtotal"],
            invoice=invoice["id"],
        )
    if "default_tax_rates" in params:
        invoice["default_tax_rates"] = [
            state.require("tax_rate", rate, param="default_tax_rates", status=400)
            for rate in params["default_tax_rates"] or []
        ]
    if "automatic_tax" in params:
        enabled = params["automatic_tax"]["enabled"]
        invoice["automatic_tax"] |= {
            "enabled": enabled,
            "liability": {"type": "self"} if enabled else None,
            "status": "complete" if enabled else None,
        }
    invoicing.add_up(state, invoice)


def remove_item(state: State, item: Json) -> Json:
    """Take an item back, unless its invoice is finalized."""
    if item["invoice"]:
        draft = state.require("invoice", item["invoice"])
        _require_draft(draft)
        before = present(state, draft)
        for line in state.select(
            "line_item",
            {"invoice": draft["id"], "parent.invoice_item_details.invoice_item": item["id"]},
        ):
            state.remove("line_item", line["id"])
        invoicing.add_up(state, draft)
        emit(state, "invoice.updated", draft, before=before)
    state.remove("invoiceitem", item["id"])
    emit(state, "invoiceitem.deleted", item)
    return {"id": item["id"], "object": "invoiceitem", "deleted": True}


def open_draft(state: State, params: dict[str, Any]) -> Json:
    """A draft for a customer, empty or (`include`) with the items that wait."""
    customer = _customer(state, params)
    if params.get("collection_method", "charge_automatically") != "charge_automatically":
        raise NotSimulated("An invoice that is sent, not charged,", param="collection_method")
    if method := params.get("default_payment_method"):
        require_method(state, method, customer["id"])
    currency = params.get("currency") or customer["currency"] or "usd"
    auto_advance = bool(params.get("auto_advance", False))
    invoice = new_invoice(
        state,
        customer,
        currency=currency,
        billing_reason="manual",
        period_start=state.now(),
        period_end=state.now(),
        auto_advance=auto_advance,
        default_payment_method=params.get("default_payment_method"),
        description=params.get("description"),
    )
    merge_metadata(invoice, params)
    if auto_advance:
        invoice["automatically_finalizes_at"] = state.now() + invoicing.HOUR
    lines = []
    if params.get("pending_invoice_items_behavior", "exclude") == "include":
        lines = [line_of(state, item) for item in loose_items(state, customer["id"], currency)]
    invoicing.add_lines(state, invoice, lines)
    claim(state, lines, invoice)
    set_terms(state, invoice, params)
    emit(state, "invoice.created", invoice)
    return invoice


def delete_draft(state: State, invoice: Json) -> Json:
    """Throw a draft away with its own items; those of a subscription cannot be thrown away."""
    _require_draft(invoice)
    if invoice["billing_reason"] != "manual":
        raise StripeError("You can only delete draft one-off invoices.")
    for item in state.select("invoiceitem", {"invoice": invoice["id"]}):
        state.remove("invoiceitem", item["id"])
        emit(state, "invoiceitem.deleted", item)
    state.remove("invoice", invoice["id"])
    emit(state, "invoice.deleted", invoice)
    return {"id": invoice["id"], "object": "invoice", "deleted": True}


def require_method(state: State, method: str, customer: str) -> None:
    """Raises StripeError when the card is not this customer's."""
    param = "default_payment_method"
    found = state.require("payment_method", method, param=param, status=400)
    if found["customer"] != customer:
        raise invalid("The payment method belongs to another customer.", param)


def _customer(state: State, params: dict[str, Any]) -> Json:
    return state.require("customer", params.get("customer", ""), param="customer", status=400)


def _require_draft(invoice: Json) -> None:
    if invoice["status"] != "draft":
        raise StripeError(
            f"This invoice is no longer editable: it is {invoice['status']}.",
            code="invoice_not_editable",
        )
