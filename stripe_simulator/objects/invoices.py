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
        automatic_tax=shape(stripe.Invoice.AutomaticTax, enabled=False),
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
        customer_tax_ids=[],
        default_payment_method=default_payment_method,
        default_tax_rates=[],
        description=description,
        discounts=[],
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
) -> Json:
    """One line of an invoice; `amount` in minor units, negative for a credit."""
    line = shape(
        stripe.InvoiceLineItem,
        id=new_id("il"),
        amount=amount,
        currency=invoice["currency"],
        description=description,
        discount_amounts=[],
        discountable=not _is_proration(parent),
        discounts=[],
        invoice=invoice["id"],
        livemode=False,
        metadata={},
        parent=parent,
        period={"start": period[0], "end": period[1]},
        pretax_credit_amounts=[],
        pricing=_pricing(price),
        quantity=quantity,
        quantity_decimal=str(quantity),
        subtotal=amount,
        subscription=_subscription_in(parent),
        taxes=[],
    )
    return state.save(line)


def _pricing(price: Json | None) -> Json | None:
    if price is None:
        return None
    return shape(
        stripe.InvoiceLineItem.Pricing,
        price_details={"price": price["id"], "product": price["product"]},
        type="price_details",
        unit_amount_decimal=price["unit_amount_decimal"],
    )


def _is_proration(parent: Json) -> bool:
    return bool(parent[parent["type"]]["proration"])


def _subscription_in(parent: Json) -> str | None:
    subscription: str | None = parent[parent["type"]].get("subscription")
    return subscription


@presenter("invoice")
def _present(state: State, invoice: Json) -> Json:
    return invoice | {"lines": _lines(state, invoice)}


def _lines(state: State, invoice: Json) -> Json:
    lines = state.select("line_item", {"invoice": invoice["id"]}, limit=_EMBEDDED_LINES + 1)
    shown = lines[:_EMBEDDED_LINES]
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
