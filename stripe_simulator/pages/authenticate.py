"""`/authenticate/<intent>`: the page of the card's bank (3-D Secure), for a payment or a set-up."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from stripe_simulator.events import emit
from stripe_simulator.money import money
from stripe_simulator.pages.cards import Fields, confirmation_page, form_of, not_authenticated
from stripe_simulator.pages.rendering import opened, page
from stripe_simulator.presentation import present
from stripe_simulator.rules import paying, setting_up
from stripe_simulator.shapes import Json
from stripe_simulator.store import State, Store

_KINDS = {"pi": "payment_intent", "seti": "setup_intent"}


def routes(store: Store) -> list[Route]:
    async def show(request: Request) -> Response:
        return await run_in_threadpool(_show, store, request.path_params["intent"])

    async def answer(request: Request) -> Response:
        fields = await form_of(request)
        return await run_in_threadpool(_answer, store, request.path_params["intent"], fields)

    path = "/authenticate/{intent}"
    return [Route(path, show, methods=["GET"]), Route(path, answer, methods=["POST"])]


def _kind(id: str) -> str:
    return _KINDS.get(id.partition("_")[0], "")


def _show(store: Store, id: str) -> Response:
    with opened(store, _kind(id), id) as (_, intent):
        if intent is None:
            return page("missing.html", status=404)
        if intent["status"] != "requires_action":
            return page("refused.html", status=410, words="There is nothing to confirm any more.")
        return confirmation_page(f"/authenticate/{id}", {}, words=_words(intent))


def _words(intent: Json) -> str:
    if intent["object"] == "setup_intent":
        return "Your card is saved for later payments."
    return f"A payment of {money(intent['amount'], intent['currency'])}."


def _answer(store: Store, id: str, fields: Fields) -> Response:
    """Confirm or refuse, and go back to where the intent says, else to the invoice."""
    with opened(store, _kind(id), id) as (state, intent):
        if intent is None:
            return page("missing.html", status=404)
        back = _back(state, intent)
        if intent["status"] == "requires_action":
            if fields.get("authentication") == "complete":
                _complete(state, intent)
            else:
                _fail(state, intent)
        return RedirectResponse(back, status_code=303)


def _back(state: State, intent: Json) -> str:
    action: dict[str, Any] = intent["next_action"] or {}
    given = (action.get("redirect_to_url") or {}).get("return_url")
    if given:
        return str(given)
    if intent["object"] == "setup_intent":
        return "/"
    return f"/invoices/{paying.invoice_of(state, intent)['id']}"


def _complete(state: State, intent: Json) -> None:
    if intent["object"] == "setup_intent":
        setting_up.confirm(state, intent, payment_method=None, confirmed=True)
        return
    invoice = paying.invoice_of(state, intent)
    paying.pay(state, invoice, payment_method=intent["payment_method"], confirmed=True)


def _fail(state: State, intent: Json) -> None:
    error = not_authenticated().body()["error"]
    method = state.require("payment_method", intent["payment_method"])
    name = "setup" if intent["object"] == "setup_intent" else "payment"
    intent.update(
        {f"last_{name}_error": error | {"payment_method": present(state, method)}},
        next_action=None,
        payment_method=None,
        status="requires_payment_method",
    )
    state.save(intent)
    event = "setup_intent.setup_failed" if name == "setup" else "payment_intent.payment_failed"
    emit(state, event, intent)
