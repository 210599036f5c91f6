"""The hosted invoice page that an invoice's `hosted_invoice_url` leads to, and its PDF.

An open invoice is paid here: with the saved card, whose bank may ask to confirm, or with another.
"""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from stripe_simulator.account import ACCOUNT_NAME
from stripe_simulator.errors import StripeError
from stripe_simulator.money import money
from stripe_simulator.objects.invoices import lines_of
from stripe_simulator.objects.payment_methods import attach, new_card
from stripe_simulator.pages.cards import (
    PREFILLED,
    Fields,
    asks_to_confirm,
    confirmation_page,
    form_of,
    read_card,
)
from stripe_simulator.pages.pdf import MARGIN, WIDTH, Text, document
from stripe_simulator.pages.rendering import day, opened, page
from stripe_simulator.presentation import present
from stripe_simulator.rules.paying import pay
from stripe_simulator.shapes import Json
from stripe_simulator.store import State, Store

_MOST_LINES = 250
_WIDEST = 80  # letters of a description in the PDF


def routes(store: Store) -> list[Route]:
    async def show(request: Request) -> Response:
        return await run_in_threadpool(_show, store, request.path_params["invoice"])

    async def settle(request: Request) -> Response:
        fields = await form_of(request)
        return await run_in_threadpool(_settle, store, request.path_params["invoice"], fields)

    path = "/invoices/{invoice}"
    return [Route(path, show, methods=["GET"]), Route(path, settle, methods=["POST"])]


def _show(store: Store, id: str) -> Response:
    as_pdf = id.endswith(".pdf")
    with opened(store, "invoice", id.removesuffix(".pdf")) as (state, found):
        if found is None:
            return page("missing.html", status=404)
        if as_pdf:
            return _file(state, found)
        return _page(state, found, PREFILLED)


def _page(
    state: State, invoice: Json, fields: Fields, refusal: StripeError | None = None
) -> Response:
    shown = present(state, invoice)
    shown["lines"] = lines_of(state, invoice, limit=_MOST_LINES)
    return page(
        "invoice.html",
        status=402 if refusal else 200,
        invoice=shown,
        seller=ACCOUNT_NAME,
        fields=PREFILLED | fields,
        refusal=refusal,
        discount=sum(one["amount"] for one in invoice["total_discount_amounts"]),
        tax=sum(one["amount"] for one in invoice["total_taxes"]),
        asks=_intent_that_asks(state, invoice),
    )


def _file(state: State, invoice: Json) -> Response:
    """The invoice as a PDF."""
    right, currency = WIDTH - MARGIN, invoice["currency"]
    lines = [
        [Text(f"Invoice {invoice['number'] or '(draft)'}", size=16, bold=True)],
        [Text(ACCOUNT_NAME), Text(invoice["status"], right=right)],
        [Text("Simulated: no money moves, and this is no invoice.")],
        [],
        [Text(f"Billed to {invoice['customer_name'] or ''}".strip(), bold=True)],
        [Text(invoice["customer_email"] or invoice["customer"])],
        [Text(f"Date {day(invoice['created'])}")],
        [],
        [Text("Description", bold=True), Text("Amount", right=right, bold=True)],
    ]
    for line in lines_of(state, invoice, limit=_MOST_LINES)["data"]:
        span = f"{day(line['period']['start'])} - {day(line['period']['end'])}"
        amount = money(line["amount"], currency)
        lines.append([Text((line["description"] or "")[:_WIDEST]), Text(amount, right=right)])
        lines.append([Text(span, left=MARGIN + 12, size=8)])
    off = sum(one["amount"] for one in invoice["total_discount_amounts"])
    tax = sum(one["amount"] for one in invoice["total_taxes"])
    sums = [("Subtotal", invoice["subtotal"]), ("Discount", -off), ("Tax", tax)]
    shown = [(name, amount) for name, amount in sums if amount]
    shown += [("Total", invoice["total"]), ("Paid", invoice["amount_paid"])]
    lines.append([])
    lines += [
        [Text(name, bold=True), Text(money(amount, currency), right=right)]
        for name, amount in shown
    ]
    name = f"{invoice['number'] or invoice['id']}.pdf"
    return Response(
        document(lines, title=f"Invoice {invoice['number'] or ''}".strip()),
        media_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}"'},
    )


def _intent_that_asks(state: State, invoice: Json) -> str | None:
    """The payment that waits for the bank's confirmation."""
    for payment in state.select("invoice_payment", {"invoice": invoice["id"], "status": "open"}):
        intent = state.require("payment_intent", payment["payment"]["payment_intent"])
        if intent["status"] == "requires_action":
            return str(intent["id"])
    return None


def _settle(store: Store, id: str, fields: Fields) -> Response:
    """Pay with the card that was typed, which is then the customer's default one."""
    with opened(store, "invoice", id) as (state, invoice):
        if invoice is None:
            return page("missing.html", status=404)
        if invoice["status"] != "open":
            return RedirectResponse(f"/invoices/{id}", status_code=303)
        try:
            with state.savepoint():
                typed = read_card(fields)
                if asks_to_confirm(typed.card, fields):
                    return confirmation_page(f"/invoices/{id}", fields)
                customer = state.require("customer", invoice["customer"])
                method = new_card(
                    state, typed.card, exp_month=typed.exp_month, exp_year=typed.exp_year
                )
                attach(state, method, customer)
                customer["invoice_settings"]["default_payment_method"] = method["id"]
                state.save(customer)
                decline = pay(
                    state, invoice, payment_method=method["id"], confirmed=typed.confirmed
                )
                if decline is not None:
                    raise decline.error(keeps_changes=True)
        except StripeError as refusal:
            return _page(state, state.require("invoice", id), fields, refusal)
        return RedirectResponse(f"/invoices/{id}", status_code=303)
