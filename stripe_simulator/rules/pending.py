"""Invoice items that wait: which ones an invoice takes, and that it has taken them."""

from stripe_simulator.objects.invoice_items import loose_items, pending_items
from stripe_simulator.rules import invoicing
from stripe_simulator.shapes import Json
from stripe_simulator.store import State


def take_pending(state: State, subscription: Json) -> list[invoicing.Line]:
    """What the subscription's next invoice takes: its prorations, and the customer's own items."""
    own = [line_of(state, item) for item in pending_items(state, subscription["id"])]
    return own + take_loose(state, subscription)


def take_loose(state: State, subscription: Json) -> list[invoicing.Line]:
    """The customer's own items that wait for whichever invoice is next."""
    loose = loose_items(state, subscription["customer"], subscription["currency"])
    return [line_of(state, item) for item in loose]


def line_of(state: State, item: Json) -> invoicing.Line:
    """An invoice item as a line."""
    parent = (item["parent"] or {}).get("subscription_details") or {}
    priced = item["pricing"]
    return invoicing.Line(
        price=state.require("price", priced["price_details"]["price"]) if priced else None,
        quantity=item["quantity"],
        amount=item["amount"],
        description=item["description"],
        period=(item["period"]["start"], item["period"]["end"]),
        subscription=parent.get("subscription"),
        subscription_item=parent.get("subscription_item"),
        invoice_item=item["id"],
        proration=item["proration"],
        discountable=item["discountable"],
        discounts=item["discounts"],
        tax_rates=item["_tax_rates"],
    )


def claim(state: State, lines: list[invoicing.Line], invoice: Json) -> None:
    """Mark the items among the lines as billed on this invoice."""
    for line in lines:
        if line.invoice_item:
            item = state.require("invoiceitem", line.invoice_item)
            state.save(item | {"invoice": invoice["id"]})
