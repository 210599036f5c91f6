"""Invoices and their lines: https://docs.stripe.com/api/invoices."""

import stripe

from stripe_simulator.account import ACCOUNT_NAME, COUNTRY
from stripe_simulator.identifiers import new_id
from stripe_simulator.presentation import inclusion, present, presenter
from stripe_simulator.shapes import Json, list_object, shape
from stripe_simulator.store import State

_EMBEDDED_LINES = 10


def new_invoice(
    state: State,
    customer: Json,
    *,
    currency: str,
    billing_reason: str,
    period_start: int,
    period_end: int,
    subscription: Json | None = None,
    auto_advance: bool = True,
    automatic_tax: bool = False,
    default_tax_rates: list[Json] | None = None,
    discounts: list[str] | None = None,
    default_payment_method: str | None = None,
    description: str | None = None,
) -> Json:
    """An empty draft. Lines and totals come from rules/invoicing.py."""
    invoice = shape(
        stripe.Invoice,
        id=new_id("in"),
        account_country=COUNTRY,
        account_name=ACCOUNT_NAME,
        **dict.fromkeys(_AMOUNTS, 0),
        attempt_count=0,
        attempted=False,
        auto_advance=auto_advance,
        automatic_tax=shape(
            stripe.Invoice.AutomaticTax,
            enabled=automatic_tax,
            liability={"type": "self"} if automatic_tax else None,
            status="complete" if automatic_tax else None,
        ),
        billing_reason=billing_reason,
        collection_method="charge_automatically",
        created=state.now(),
        currency=currency,
        customer=customer["id"],
        customer_address=customer["address"],
        customer_email=customer["email"],
        customer_name=customer["name"],
        customer_phone=customer["phone"],
        customer_shipping=customer["shipping"],
        customer_tax_exempt=customer["tax_exempt"],
        customer_tax_ids=[
            {"type": one["type"], "value": one["value"]}
            for one in state.select("tax_id", {"customer": customer["id"]})
        ],
        default_payment_method=default_payment_method,
        default_tax_rates=default_tax_rates or [],
        description=description,
        discounts=list(discounts or []),
        issuer={"type": "self"},
        lines=None,
        livemode=False,
        metadata={},
        parent=_parent(subscription),
        payment_settings=shape(stripe.Invoice.PaymentSettings),
        period_end=period_end,
        period_start=period_start,
        status="draft",
        status_transitions=shape(stripe.Invoice.StatusTransitions),
        test_clock=customer["test_clock"],
        total_discount_amounts=[],
        total_pretax_credit_amounts=[],
        total_taxes=[],
    )
    return state.save(invoice)


_AMOUNTS = (
    *("amount_due", "amount_overpaid", "amount_paid", "amount_remaining", "amount_shipping"),
    *("post_payment_credit_notes_amount", "pre_payment_credit_notes_amount"),
    *("starting_balance", "subtotal", "subtotal_excluding_tax", "total", "total_excluding_tax"),
)


def _parent(subscription: Json | None) -> Json | None:
    if subscription is None:
        return None
    details: Json = {"metadata": subscription["metadata"], "subscription": subscription["id"]}
    return {"quote_details": None, "subscription_details": details, "type": "subscription_details"}


def subscription_of(invoice: Json) -> str | None:
    """The identifier of the subscription that an invoice bills, if any."""
    details = (invoice["parent"] or {}).get("subscription_details")
    return str(details["subscription"]) if details else None


def new_line(
    state: State,
    invoice: Json,
    *,
    price: Json | None,
    quantity: int,
    amount: int,
    description: str | None,
    period: tuple[int, int],
    parent: Json,
    unit: str | None = None,
    discountable: bool = True,
    discounts: list[str] | None = None,
    tax_rates: list[str] | None = None,
) -> Json:
    """One line of an invoice; `amount` in minor units, negative for a credit; `unit` the exact
    amount of one."""
    line = shape(
        stripe.InvoiceLineItem,
        id=new_id("il"),
        amount=amount,
        currency=invoice["currency"],
        description=description,
        discount_amounts=[],
        discountable=discountable and not _is_proration(parent),
        discounts=discounts or [],
        invoice=invoice["id"],
        livemode=False,
        metadata={},
        parent=parent,
        period={"start": period[0], "end": period[1]},
        pretax_credit_amounts=[],
        pricing=_pricing(price, unit),
        quantity=quantity,
        quantity_decimal=str(quantity),
        subtotal=amount,
        subscription=_subscription_in(parent),
        taxes=[],
        _tax_rates=tax_rates or [],
    )
    return state.save(line)


def _pricing(price: Json | None, unit: str | None) -> Json | None:
    if price is None:
        return None
    return shape(
        stripe.InvoiceLineItem.Pricing,
        price_details={"price": price["id"], "product": price["product"]},
        type="price_details",
        unit_amount_decimal=unit or price["unit_amount_decimal"],
    )


def _is_proration(parent: Json) -> bool:
    return bool(parent[parent["type"]]["proration"])


def _subscription_in(parent: Json) -> str | None:
    subscription: str | None = parent[parent["type"]].get("subscription")
    return subscription


@presenter("line_item")
def _present_line(state: State, line: Json) -> Json:
    cuts = [{**one, "type": "discount"} for one in line["discount_amounts"]]
    return line | {"pretax_credit_amounts": cuts}


@presenter("invoice")
def _present(state: State, invoice: Json) -> Json:
    cuts = [{**one, "type": "discount"} for one in invoice["total_discount_amounts"]]
    return invoice | {"lines": lines_of(state, invoice), "total_pretax_credit_amounts": cuts}


def lines_of(state: State, invoice: Json, limit: int = _EMBEDDED_LINES) -> Json:
    """The invoice's first lines, as a list object."""
    lines = state.select("line_item", {"invoice": invoice["id"]}, limit=limit + 1)
    shown = [present(state, line) for line in lines[:limit]]
    total = len(lines)
    return list_object(
        shown, url=f"/v1/invoices/{invoice['id']}/lines", has_more=total > len(shown)
    )


@inclusion("invoice.payments")
def _payments(state: State, invoice: Json) -> Json:
    payments = state.select("invoice_payment", {"invoice": invoice["id"]}, newest_first=True)
    return list_object(
        [present(state, payment) for payment in payments], url="/v1/invoice_payments"
    )


@inclusion("invoice.confirmation_secret")
def _confirmation_secret(state: State, invoice: Json) -> Json | None:
    payments = state.select("invoice_payment", {"invoice": invoice["id"]}, limit=1)
    if not payments:
        return None
    intent = state.require("payment_intent", payments[0]["payment"]["payment_intent"])
    return {"client_secret": intent["client_secret"], "type": "payment_intent"}
