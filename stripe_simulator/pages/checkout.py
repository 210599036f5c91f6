"""The hosted Checkout page: `GET` shows it, `POST` of the same address pays.

The form's fields: email, card_number, card_expiry ("12 / 34"), card_cvc, cardholder_name.
"""

import re
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from stripe_simulator.cards import by_number
from stripe_simulator.errors import StripeError, invalid
from stripe_simulator.objects.checkout_sessions import line_items
from stripe_simulator.objects.prices import every
from stripe_simulator.pages.rendering import page
from stripe_simulator.rules.checkout import Payer, complete, success_address
from stripe_simulator.shapes import Json
from stripe_simulator.store import State, Store

Fields = dict[str, str]
_PREFILLED: Fields = {
    "card_number": "4242 4242 4242 4242",
    "card_expiry": "12 / 34",
    "card_cvc": "123",
    "cardholder_name": "",
}


def routes(store: Store) -> list[Route]:
    async def show(request: Request) -> Response:
        return await run_in_threadpool(_show, store, request.path_params["session"])

    async def pay(request: Request) -> Response:
        fields = dict(parse_qsl((await request.body()).decode(errors="replace")))
        return await run_in_threadpool(_pay, store, request.path_params["session"], fields)

    path = "/checkout/{session}"
    return [Route(path, show, methods=["GET"]), Route(path, pay, methods=["POST"])]


def _show(store: Store, id: str) -> Response:
    with store.transaction() as state:
        session = state.get("checkout.session", id)
        if session is None:
            return page("checkout_closed.html", status=404, session=None)
        return _page(state, session, _PREFILLED)


def _pay(store: Store, id: str, fields: Fields) -> Response:
    """Pay and go back to the app. A second click on a paid session pays nothing, and goes back."""
    with store.transaction() as state:
        session = state.get("checkout.session", id)
        if session is None:
            return page("checkout_closed.html", status=404, session=None)
        if session["status"] == "expired":
            return _page(state, session, fields, status=410)
        if session["status"] == "open":
            try:
                with state.savepoint():
                    complete(state, session, _payer(state, session, fields))
            except StripeError as refusal:
                unpaid = state.require("checkout.session", id)
                return _page(state, unpaid, fields, refusal=refusal, status=402)
        return RedirectResponse(success_address(session), status_code=303)


def _page(
    state: State,
    session: Json,
    fields: Fields,
    *,
    refusal: StripeError | None = None,
    status: int = 200,
) -> Response:
    if session["status"] != "open":
        return page("checkout_closed.html", status=status, session=session)
    items = line_items(state, session)
    return page(
        "checkout.html",
        status=status,
        session=session,
        items=items,
        every=every(items[0]["price"]),
        fields=_PREFILLED | fields,
        known_email=_known_email(state, session),
        refusal=refusal,
    )


def _known_email(state: State, session: Json) -> str | None:
    """The customer's address, which Checkout shows and does not let change."""
    customer = state.get("customer", session["customer"] or "") or {}
    email: str | None = customer.get("email") or session["customer_email"]
    return email


def _payer(state: State, session: Json, fields: Fields) -> Payer:
    """Read the form. Raises StripeError in words for the field that is wrong."""
    email = _known_email(state, session) or fields.get("email", "").strip()
    if "@" not in email:
        raise invalid("Your email is incomplete.", "email")
    expiry = re.fullmatch(r"\s*(\d{1,2})\s*/?\s*(?:20)?(\d{2})\s*", fields.get("card_expiry", ""))
    if expiry is None or not 1 <= int(expiry[1]) <= 12:
        raise invalid("Your card's expiration date is incomplete.", "card_expiry")
    if not re.fullmatch(r"\d{3,4}", fields.get("card_cvc", "").strip()):
        raise invalid("Your card's security code is incomplete.", "card_cvc")
    return Payer(
        email=email,
        name=fields.get("cardholder_name", "").strip(),
        card=by_number(fields.get("card_number", "")),
        exp_month=int(expiry[1]),
        exp_year=2000 + int(expiry[2]),
    )
