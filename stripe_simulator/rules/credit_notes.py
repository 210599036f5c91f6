"""Credit notes: what an invoice asks less for, or what is given back of one that was paid."""

from typing import Any

import stripe

from stripe_simulator.errors import NotSimulated, StripeError, invalid, missing
from stripe_simulator.events import emit
from stripe_simulator.identifiers import new_id
from stripe_simulator.metadata import merge_metadata
from stripe_simulator.objects.balances import move_balance
from stripe_simulator.presentation import present
from stripe_simulator.rules.invoicing import settle
from stripe_simulator.rules.refunding import refund
from stripe_simulator.rules.totals import discounted
from stripe_simulator.shapes import Json, list_object, shape
from stripe_simulator.sources import assumed, documented
from stripe_simulator.store import State

_LINE = {"amount", "description", "invoice_line_item", "quantity", "type", "unit_amount"}


@documented("api/credit_note/create")
def credit(state: State, params: dict[str, Any]) -> Json:
    """A credit note of an open or a paid invoice. Raises StripeError as Stripe does.

    Of an open invoice it takes off what is left to pay first; what is above that, and all of a
    paid one, must be said to go to the card, to the balance, or outside Stripe.
    """
    invoice = state.require("invoice", params["invoice"], param="invoice", status=400)
    if invoice["status"] not in ("open", "paid", "uncollectible"):
        raise StripeError(
            f"You can only credit a finalized invoice; this one is {invoice['status']}."
        )
    lines = _lines(state, invoice, params)
    total = sum(line["amount"] - line["discount_amount"] + line["_tax"] for line in lines)
    credited = _credited(invoice)
    if not 0 < total <= invoice["total"] - credited:
        raise invalid(
            f"The credit ({total}) must be more than nothing and at most what is left of the "
            f"invoice ({invoice['total'] - credited}).",
            "amount",
        )
    before_payment = min(total, invoice["amount_remaining"])
    after_payment = total - before_payment
    _check_ways(params, after_payment)
    note = _new(state, invoice, lines, total, before_payment, after_payment, params)
    _pay_out(state, invoice, note, params)
    _take_off(state, invoice, note)
    emit(state, "credit_note.created", note)
    return note


def _credited(invoice: Json) -> int:
    before: int = invoice["pre_payment_credit_notes_amount"]
    after: int = invoice["post_payment_credit_notes_amount"]
    return before + after


def _check_ways(params: dict[str, Any], after_payment: int) -> None:
    if params.get("refunds"):
        raise NotSimulated("Refunds that exist already", param="refunds")
    names = ("refund_amount", "credit_amount", "out_of_band_amount")
    said = sum(params.get(name, 0) for name in names)
    if said != after_payment:
        raise invalid(
            "The sum of credit amount, refund amount and out of band amount must equal the post "
            f"payment credit note amount ({after_payment}).",
            "refund_amount",
        )


def _lines(state: State, invoice: Json, params: dict[str, Any]) -> list[Json]:
    if ("lines" in params) == ("amount" in params):
        raise (
            missing("lines")
            if "lines" not in params
            else invalid("Pass either `lines` or `amount`.", "lines")
        )
    if "amount" in params:
        return [_custom(params["amount"], params.get("memo"))]
    return [
        _line(state, invoice, given, f"lines[{position}]")
        for position, given in enumerate(params["lines"])
    ]


@assumed("of an invoice's line, discounts and taxes are credited in proportion, rounded down")
def _line(state: State, invoice: Json, given: dict[str, Any], name: str) -> Json:
    for key in given.keys() - _LINE:
        raise NotSimulated(f"A line's `{key}`", param=f"{name}[{key}]")
    if given["type"] == "custom_line_item":
        amount = given.get("amount", given.get("unit_amount", 0) * given.get("quantity", 1))
        return _custom(amount, given.get("description"))
    id = given.get("invoice_line_item") or ""
    line = state.require("line_item", id, param=f"{name}[invoice_line_item]", status=400)
    if line["invoice"] != invoice["id"]:
        raise invalid("The line is of another invoice.", f"{name}[invoice_line_item]")
    whole = line["amount"]
    amount = given.get("amount")
    if amount is None:
        quantity = given.get("quantity", line["quantity"])
        amount = whole * quantity // line["quantity"] if line["quantity"] else whole
    if not 0 < amount <= whole:
        raise invalid("More than the line's amount.", f"{name}[amount]")
    tax = sum(one["amount"] for one in line["taxes"] if one["tax_behavior"] == "exclusive")
    off = whole - discounted(line)
    return {
        "amount": amount,
        "description": line["description"],
        "discount_amount": off * amount // whole,
        "invoice_line_item": line["id"],
        "quantity": given.get("quantity"),
        "type": "invoice_line_item",
        "_tax": tax * amount // whole,
    }


def _custom(amount: int, description: str | None) -> Json:
    return {
        "amount": amount,
        "description": description,
        "discount_amount": 0,
        "quantity": 1,
        "type": "custom_line_item",
        "unit_amount": amount,
        "unit_amount_decimal": str(amount),
        "_tax": 0,
    }


def _new(
    state: State,
    invoice: Json,
    lines: list[Json],
    total: int,
    before_payment: int,
    after_payment: int,
    params: dict[str, Any],
) -> Json:
    id = new_id("cn")
    shown = [
        shape(
            stripe.CreditNoteLineItem,
            **line,
            id=new_id("cnli"),
            discount_amounts=[],
            livemode=False,
            pretax_credit_amounts=[],
            tax_rates=[],
            taxes=[],
        )
        for line in lines
    ]
    subtotal = sum(line["amount"] for line in lines)
    sequence = state.next_number(f"credit notes of {invoice['customer']}")
    note = shape(
        stripe.CreditNote,
        id=id,
        amount=total,
        amount_shipping=0,
        created=state.now(),
        currency=invoice["currency"],
        customer=invoice["customer"],
        discount_amount=sum(line["discount_amount"] for line in lines),
        discount_amounts=[],
        effective_at=state.now(),
        invoice=invoice["id"],
        lines=list_object(
            [{key: value for key, value in line.items() if key != "_tax"} for line in shown],
            url=f"/v1/credit_notes/{id}/lines",
        ),
        livemode=False,
        memo=params.get("memo"),
        metadata={},
        number=f"{invoice['number']}-CN-{sequence:02d}",
        out_of_band_amount=params.get("out_of_band_amount"),
        pdf=f"{state.public_url}/invoices/{invoice['id']}.pdf",
        post_payment_amount=after_payment,
        pre_payment_amount=before_payment,
        pretax_credit_amounts=[],
        reason=params.get("reason"),
        refunds=[],
        status="issued",
        subtotal=subtotal,
        subtotal_excluding_tax=subtotal,
        total=total,
        total_excluding_tax=total - sum(line["_tax"] for line in lines),
        total_taxes=[],
        type=_type(before_payment, after_payment),
    )
    merge_metadata(note, params)
    return state.save(note)


def _type(before_payment: int, after_payment: int) -> str:
    if before_payment and after_payment:
        return "mixed"
    return "pre_payment" if before_payment else "post_payment"


def _pay_out(state: State, invoice: Json, note: Json, params: dict[str, Any]) -> None:
    """To the balance, and to the card, as the parameters say."""
    customer = state.require("customer", invoice["customer"])
    moved = move_balance(
        state,
        customer,
        -params.get("credit_amount", 0),
        currency=invoice["currency"],
        type="credit_note",
        credit_note=note["id"],
        invoice=invoice["id"],
    )
    note["customer_balance_transaction"] = moved["id"] if moved else None
    if amount := params.get("refund_amount", 0):
        given = refund(state, _charge(state, invoice), amount=amount, reason=None, params={})
        note["refunds"] = [
            {
                "amount_refunded": amount,
                "payment_record_refund": None,
                "refund": given["id"],
                "type": "refund",
            }
        ]
    state.save(note)


def _charge(state: State, invoice: Json) -> Json:
    for payment in state.select("invoice_payment", {"invoice": invoice["id"], "status": "paid"}):
        intent = state.require("payment_intent", payment["payment"]["payment_intent"])
        return state.require("charge", intent["latest_charge"])
    raise invalid("This invoice was not paid by a card.", "refund_amount")


def _take_off(state: State, invoice: Json, note: Json) -> None:
    before = present(state, invoice)
    invoice["pre_payment_credit_notes_amount"] += note["pre_payment_amount"]
    invoice["post_payment_credit_notes_amount"] += note["post_payment_amount"]
    invoice["amount_remaining"] -= note["pre_payment_amount"]
    invoice["amount_due"] -= note["pre_payment_amount"]
    state.save(invoice)
    for payment in state.select("invoice_payment", {"invoice": invoice["id"], "status": "open"}):
        payment["amount_requested"] = invoice["amount_remaining"]
        state.save(payment)
        intent = state.require("payment_intent", payment["payment"]["payment_intent"])
        state.save(intent | {"amount": invoice["amount_remaining"]})
    if invoice["status"] == "open" and invoice["amount_remaining"] == 0:
        settle(state, invoice)
    else:
        emit(state, "invoice.updated", invoice, before=before)


@documented("api/credit_note/void")
def void(state: State, note: Json) -> Json:
    """Take it back: of an open invoice, it is asked for again. Raises StripeError."""
    invoice = state.require("invoice", note["invoice"])
    if note["status"] != "issued" or note["type"] != "pre_payment" or invoice["status"] != "open":
        raise StripeError("You can only void a credit note of an invoice that is still open.")
    amount = -note["pre_payment_amount"]
    note.update(status="void", voided_at=state.now())
    state.save(note)
    _take_off(state, invoice, {"pre_payment_amount": amount, "post_payment_amount": 0})
    emit(state, "credit_note.voided", note)
    return note
