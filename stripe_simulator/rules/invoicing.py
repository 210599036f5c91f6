"""An invoice's life: draft, finalized (open), paid or not, void.

Order of events as in Stripe's logs: invoice.created, invoice.finalized, then the payment's own,
then invoice.paid and invoice.payment_succeeded (or invoice.payment_failed).
"""

from dataclasses import dataclass

from stripe_simulator.cards import Decline
from stripe_simulator.errors import StripeError
from stripe_simulator.events import emit
from stripe_simulator.money import minimum_charge
from stripe_simulator.objects.charges import new_charge
from stripe_simulator.objects.invoice_payments import new_invoice_payment
from stripe_simulator.objects.invoices import new_invoice, new_line, subscription_of
from stripe_simulator.objects.payment_intents import new_payment_intent
from stripe_simulator.objects.payment_methods import decline_of
from stripe_simulator.presentation import present
from stripe_simulator.shapes import Json
from stripe_simulator.store import State

HOUR = 3600


@dataclass(frozen=True)
class Line:
    """A line to be invoiced: `amount` in minor units, `period` in seconds since 1970 UTC. Of a
    subscription's item, or (None) of an invoice item that stands for itself."""

    price: Json | None
    quantity: int
    amount: int
    description: str | None
    period: tuple[int, int]
    subscription: str | None = None
    subscription_item: str | None = None
    invoice_item: str | None = None

    @property
    def parent(self) -> Json:
        details: Json = {
            "invoice_item": self.invoice_item,
            "proration": self.subscription_item is not None and self.invoice_item is not None,
            "proration_details": {"credited_items": None},
            "subscription": self.subscription,
        }
        if self.subscription_item is None:
            return {
                "invoice_item_details": details,
                "subscription_item_details": None,
                "type": "invoice_item_details",
            }
        return {
            "invoice_item_details": None,
            "subscription_item_details": details | {"subscription_item": self.subscription_item},
            "type": "subscription_item_details",
        }


def draft(
    state: State,
    subscription: Json,
    lines: list[Line],
    *,
    billing_reason: str,
    period: tuple[int, int],
) -> Json:
    """A draft invoice of a subscription with its lines and totals; emits invoice.created."""
    customer = state.require("customer", subscription["customer"])
    invoice = new_invoice(
        state,
        customer,
        currency=subscription["currency"],
        billing_reason=billing_reason,
        period_start=period[0],
        period_end=period[1],
        subscription=subscription,
    )
    add_lines(state, invoice, lines)
    emit(state, "invoice.created", invoice)
    return invoice


def add_lines(state: State, invoice: Json, lines: list[Line]) -> None:
    """Put the lines on the draft and add it up; emits nothing."""
    for line in lines:
        new_line(
            state,
            invoice,
            price=line.price,
            quantity=line.quantity,
            amount=line.amount,
            description=line.description,
            period=line.period,
            parent=line.parent,
        )
    add_up(state, invoice)


def add_up(state: State, invoice: Json) -> None:
    """Set the draft's totals. A negative balance is the customer's credit, and pays first; what is
    less than a card can be charged waits as a balance for the next invoice, as Stripe does."""
    total = sum(line["amount"] for line in state.select("line_item", {"invoice": invoice["id"]}))
    balance = state.require("customer", invoice["customer"])["balance"]
    due = max(total + balance, 0)
    if due < minimum_charge(invoice["currency"]):
        due = 0
    invoice.update(
        subtotal=total,
        subtotal_excluding_tax=total,
        total=total,
        total_excluding_tax=total,
        starting_balance=balance,
        amount_due=due,
        amount_remaining=due,
    )
    state.save(invoice)


def finalize(state: State, invoice: Json, *, auto_advance: bool | None = None) -> Json:
    """Give the draft its number and open it; with nothing due it is paid at once."""
    if invoice["status"] != "draft":
        raise StripeError(
            "This invoice is already finalized, you can't re-finalize a non-draft invoice.",
            code="invoice_not_editable",
        )
    add_up(state, invoice)  # the balance may have moved since the draft was made
    if auto_advance is not None:
        invoice["auto_advance"] = auto_advance
    customer = state.require("customer", invoice["customer"])
    sequence = state.next_number(f"invoices of {customer['id']}")
    hosted = f"{state.public_url}/invoices/{invoice['id']}"
    invoice.update(
        number=f"{customer['invoice_prefix']}-{sequence:04d}",
        status="open",
        effective_at=state.now(),
        automatically_finalizes_at=None,
        hosted_invoice_url=hosted,
        invoice_pdf=f"{hosted}.pdf",
        ending_balance=invoice["starting_balance"] + invoice["total"] - invoice["amount_due"],
    )
    invoice["status_transitions"]["finalized_at"] = state.now()
    state.save(invoice)
    customer.update(
        balance=invoice["ending_balance"],
        currency=invoice["currency"],
        next_invoice_sequence=sequence + 1,
    )
    state.save(customer)
    emit(state, "invoice.finalized", invoice)
    if invoice["amount_due"] > 0:
        _await_payment(state, invoice)
    else:
        _settle(state, invoice)
    return invoice


def _await_payment(state: State, invoice: Json) -> None:
    intent = new_payment_intent(
        state,
        amount=invoice["amount_due"],
        currency=invoice["currency"],
        customer=invoice["customer"],
    )
    new_invoice_payment(state, invoice, intent)
    emit(state, "payment_intent.created", intent)


def collect(state: State, invoice: Json, *, payment_method: str | None = None) -> Decline | None:
    """Charge what an open invoice (or a draft, finalized first) still asks for.

    Returns the decline when the bank said no; the failed attempt and its events are recorded.
    """
    if invoice["status"] == "draft":
        finalize(state, invoice)
    if invoice["status"] == "paid":
        return None
    method = _payment_method(state, invoice, payment_method)
    payment = state.select("invoice_payment", {"invoice": invoice["id"]})[-1]
    intent = state.require("payment_intent", payment["payment"]["payment_intent"])
    decline = decline_of(method)
    charge = new_charge(state, intent, method, decline)
    intent["latest_charge"] = charge["id"]
    invoice.update(attempted=True, attempt_count=invoice["attempt_count"] + 1)
    if decline is not None:
        _record_failure(state, invoice, intent, charge, method, decline)
        return decline
    _record_success(state, invoice, intent, charge, payment, method)
    return None


def _payment_method(state: State, invoice: Json, chosen: str | None) -> Json:
    """The card to charge: the one asked for, the subscription's, else the customer's default."""
    customer = state.require("customer", invoice["customer"])
    subscription = state.get("subscription", subscription_of(invoice) or "") or {}
    default = customer["invoice_settings"]["default_payment_method"]
    preferred = invoice["default_payment_method"] or subscription.get("default_payment_method")
    id = chosen or preferred or default
    if not id:
        raise no_payment_method()
    return state.require("payment_method", id)


def no_payment_method() -> StripeError:
    return StripeError(
        "This customer has no attached payment source or default payment method. Please consider "
        "adding a default payment method. For more information, visit "
        "https://stripe.com/docs/billing/subscriptions/payment-methods-setting"
        "#payment-method-priority.",
        code="resource_missing",
    )


def _record_success(
    state: State, invoice: Json, intent: Json, charge: Json, payment: Json, method: Json
) -> None:
    now = state.now()
    intent.update(
        amount_received=intent["amount"],
        last_payment_error=None,
        payment_method=method["id"],
        status="succeeded",
    )
    payment.update(amount_paid=intent["amount"], status="paid")
    payment["status_transitions"]["paid_at"] = now
    state.save(intent)
    state.save(payment)
    emit(state, "charge.succeeded", charge)
    emit(state, "payment_intent.succeeded", intent)
    invoice.update(amount_paid=intent["amount"], amount_remaining=0, next_payment_attempt=None)
    _settle(state, invoice)
    emit(state, "invoice_payment.paid", payment)


def _settle(state: State, invoice: Json) -> None:
    invoice.update(attempted=True, auto_advance=False, status="paid")
    invoice["status_transitions"]["paid_at"] = state.now()
    state.save(invoice)
    emit(state, "invoice.paid", invoice)
    emit(state, "invoice.payment_succeeded", invoice)


def _record_failure(
    state: State, invoice: Json, intent: Json, charge: Json, method: Json, decline: Decline
) -> None:
    error = decline.error().body()["error"] | {"charge": charge["id"]}
    intent.update(
        last_payment_error=error | {"payment_method": present(state, method)},
        status="requires_payment_method",
    )
    state.save(intent)
    state.save(invoice)
    emit(state, "charge.failed", charge)
    emit(state, "payment_intent.payment_failed", intent)
    emit(state, "invoice.payment_failed", invoice)


def void(state: State, invoice: Json) -> Json:
    if invoice["status"] not in ("open", "uncollectible"):
        raise StripeError(
            f"You can only pass in open invoices. This invoice is {invoice['status']}.",
            code="invoice_not_editable",
        )
    invoice.update(status="void", auto_advance=False, amount_remaining=0)
    invoice["status_transitions"]["voided_at"] = state.now()
    for payment in state.select("invoice_payment", {"invoice": invoice["id"], "status": "open"}):
        payment["status"] = "canceled"
        payment["status_transitions"]["canceled_at"] = state.now()
        state.save(payment)
        intent = state.require("payment_intent", payment["payment"]["payment_intent"])
        intent.update(
            status="canceled", canceled_at=state.now(), cancellation_reason="void_invoice"
        )
        state.save(intent)
        emit(state, "payment_intent.canceled", intent)
    state.save(invoice)
    emit(state, "invoice.voided", invoice)
    return invoice
