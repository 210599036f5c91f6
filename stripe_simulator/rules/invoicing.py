"""An invoice's life: draft, finalized (open), paid or not, void.

Order of events as in Stripe's logs: invoice.created, invoice.finalized, then the payment's own,
then invoice.paid and invoice.payment_succeeded (or invoice.payment_failed).
"""

from dataclasses import dataclass, field

from stripe_simulator.errors import StripeError
from stripe_simulator.events import emit
from stripe_simulator.objects.balances import move_balance
from stripe_simulator.objects.invoice_payments import new_invoice_payment
from stripe_simulator.objects.invoices import new_invoice, new_line
from stripe_simulator.objects.payment_intents import new_payment_intent
from stripe_simulator.objects.prices import is_metered
from stripe_simulator.rules import standing
from stripe_simulator.rules.discounting import drop_once
from stripe_simulator.rules.totals import add_up, discounted
from stripe_simulator.shapes import Json
from stripe_simulator.sources import documented, recorded
from stripe_simulator.store import State

HOUR = 3600


@dataclass
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
    proration: bool = False
    unit: str | None = None
    discountable: bool = True
    discounts: list[str] = field(default_factory=list)
    tax_rates: list[str] = field(default_factory=list)

    @property
    def parent(self) -> Json:
        details: Json = {
            "invoice_item": self.invoice_item,
            "proration": self.proration,
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
        automatic_tax=subscription["automatic_tax"]["enabled"],
        default_tax_rates=subscription["default_tax_rates"],
        discounts=subscription["discounts"],
    )
    add_lines(state, invoice, lines)
    _record_debits(state, invoice)
    drop_once(state, subscription, invoice)
    emit(state, "invoice.created", invoice)
    return invoice


def _record_debits(state: State, invoice: Json) -> None:
    """Remember on each item what it was billed for its period, for prorations to come."""
    billed: dict[str, Json] = {}
    for line in state.select("line_item", {"invoice": invoice["id"]}):
        details = line["parent"]["subscription_item_details"]
        if details is None or details["invoice_item"]:
            continue
        first = {"amount": 0, **line["period"]}
        debit = billed.setdefault(details["subscription_item"], first)
        debit["amount"] += discounted(line)
    for id, debit in billed.items():
        item = state.require("subscription_item", id)
        if not is_metered(state.require("price", item["price"])):
            state.save(item | {"_debit": debit})


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
            unit=line.unit,
            discountable=line.discountable,
            discounts=line.discounts,
            tax_rates=line.tax_rates,
        )
    add_up(state, invoice)


@documented("invoicing/integration/automatic-advancement-collection")
def hold(invoice: Json) -> None:
    """A draft that does not advance by itself waits for whoever made it (unsaved)."""
    invoice["automatically_finalizes_at"] = None


@documented("invoicing/integration/workflow-transitions")
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
    move_balance(
        state,
        customer,
        invoice["ending_balance"] - customer["balance"],
        currency=invoice["currency"],
        type="applied_to_invoice",
        invoice=invoice["id"],
    )
    customer.update(currency=invoice["currency"], next_invoice_sequence=sequence + 1)
    state.save(customer)
    emit(state, "invoice.finalized", invoice)
    if invoice["amount_due"] > 0:
        _await_payment(state, invoice)
    else:
        settle(state, invoice)
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


@recorded("event logs: invoice.paid, then invoice.payment_succeeded")
def settle(state: State, invoice: Json) -> None:
    """Paid in full, or nothing was due."""
    invoice.update(attempted=True, auto_advance=False, status="paid")
    invoice["status_transitions"]["paid_at"] = state.now()
    state.save(invoice)
    emit(state, "invoice.paid", invoice)
    emit(state, "invoice.payment_succeeded", invoice)


@documented("invoicing/overview#void")
def void(state: State, invoice: Json) -> Json:
    if invoice["status"] not in ("open", "uncollectible"):
        raise StripeError(
            f"You can only pass in open invoices. This invoice is {invoice['status']}.",
            code="invoice_not_editable",
        )
    invoice.update(status="void", auto_advance=False, amount_remaining=0, next_payment_attempt=None)
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
    standing.forgive(state, invoice)
    return invoice


@documented("invoicing/overview#uncollectible")
def mark_uncollectible(state: State, invoice: Json) -> Json:
    if invoice["status"] != "open":
        raise StripeError(
            f"You can only pass in open invoices. This invoice is {invoice['status']}.",
            code="invoice_not_editable",
        )
    invoice.update(status="uncollectible", auto_advance=False, next_payment_attempt=None)
    invoice["status_transitions"]["marked_uncollectible_at"] = state.now()
    state.save(invoice)
    emit(state, "invoice.marked_uncollectible", invoice)
    standing.forgive(state, invoice)
    return invoice
