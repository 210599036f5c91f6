"""The hosted Checkout page: `GET` shows it, `POST` of the same address pays.

The form's fields: email, card_number, card_expiry ("12 / 34"), card_cvc, cardholder_name.
"""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from stripe_simulator.errors import StripeError, invalid
from stripe_simulator.objects.checkout_sessions import line_items
from stripe_simulator.objects.prices import every, item_amount
from stripe_simulator.pages.cards import (
    PREFILLED,
    Fields,
    asks_to_confirm,
    confirmation_page,
    form_of,
    read_card,
)
from stripe_simulator.pages.rendering import opened, page
from stripe_simulator.rules import checkout_payment, checkout_setup
from stripe_simulator.rules.checkout import (
    Payer,
    apply_code,
    complete,
    needs_card,
    success_address,
)
from stripe_simulator.shapes import Json
from stripe_simulator.store import State, Store


def routes(store: Store) -> list[Route]:
    async def show(request: Request) -> Response:
        return await run_in_threadpool(_show, store, request.path_params["session"])

    async def pay(request: Request) -> Response:
        fields = await form_of(request)
        return await run_in_threadpool(_pay, store, request.path_params["session"], fields)

    async def code(request: Request) -> Response:
        fields = await form_of(request)
        return await run_in_threadpool(_code, store, request.path_params["session"], fields)

    path = "/checkout/{session}"
    return [
        Route(path, show, methods=["GET"]),
        Route(path, pay, methods=["POST"]),
        Route(f"{path}/code", code, methods=["POST"]),
    ]


def _show(store: Store, id: str) -> Response:
    with opened(store, "checkout.session", id) as (state, session):
        if session is None:
            return page("checkout_closed.html", status=404, session=None)
        return _page(state, session, PREFILLED)


def _code(store: Store, id: str, fields: Fields) -> Response:
    """Take the promotion code that was typed, or say why not."""
    with opened(store, "checkout.session", id) as (state, session):
        if session is None:
            return page("checkout_closed.html", status=404, session=None)
        code = fields.get("promotion_code", "").strip()
        if session["status"] == "open" and session["mode"] == "subscription":
            try:
                with state.savepoint():
                    apply_code(state, session, code)
            except StripeError as refusal:
                unchanged = state.require("checkout.session", id)
                return _page(state, unchanged, fields, code_refusal=refusal, status=402)
        return RedirectResponse(f"/checkout/{id}", status_code=303)


def _pay(store: Store, id: str, fields: Fields) -> Response:
    """Pay and go back to the app. A second click on a paid session pays nothing, and goes back."""
    with opened(store, "checkout.session", id) as (state, session):
        if session is None:
            return page("checkout_closed.html", status=404, session=None)
        if session["status"] == "expired":
            return _page(state, session, fields, status=410)
        if session["status"] == "open":
            try:
                with state.savepoint():
                    payer = _payer(state, session, fields)
                    if asks_to_confirm(payer.card, fields):
                        return confirmation_page(f"/checkout/{id}", fields)
                    _complete(state, session, payer)
            except StripeError as refusal:
                unpaid = state.require("checkout.session", id)
                return _page(state, unpaid, fields, refusal=refusal, status=402)
        return RedirectResponse(success_address(session), status_code=303)


def _complete(state: State, session: Json, payer: Payer) -> None:
    ways = {"setup": checkout_setup.complete, "payment": checkout_payment.complete}
    ways.get(session["mode"], complete)(state, session, payer)


def _page(
    state: State,
    session: Json,
    fields: Fields,
    *,
    refusal: StripeError | None = None,
    code_refusal: StripeError | None = None,
    status: int = 200,
) -> Response:
    if session["status"] != "open":
        return page("checkout_closed.html", status=status, session=session)
    if session["mode"] in ("setup", "payment"):
        return page(
            f"checkout_{session['mode']}.html",
            status=status,
            session=session,
            items=line_items(state, session),
            fields=PREFILLED | fields,
            known_email=_known_email(state, session),
            needs_card=needs_card(session),
            refusal=refusal,
        )
    items = line_items(state, session)
    regular = [_regular(state, session, item) for item in items]
    return page(
        "checkout.html",
        status=status,
        session=session,
        items=items,
        regular=regular,
        every=every(items[0]["price"]),
        fields=PREFILLED | fields,
        known_email=_known_email(state, session),
        refusal=refusal,
        code=fields.get("promotion_code") or _code_of(state, session),
        code_refusal=code_refusal,
        discounts=[{"label": _label(state, one)} for one in session["_discounts"]],
        needs_card=needs_card(session),
        trial_days=_trial_days(state, session),
    )


def _regular(state: State, session: Json, item: Json) -> int:
    """What an item costs each time, once a trial is over and before discounts; in minor units."""
    price = state.require("price", item["price"]["id"])
    return item_amount(price, item["quantity"], session["currency"])


def _code_of(state: State, session: Json) -> str:
    named = [one["promotion_code"] for one in session["_discounts"] if one.get("promotion_code")]
    return str(state.require("promotion_code", named[0])["code"]) if named else ""


def _label(state: State, discount: Json) -> str:
    if discount.get("promotion_code"):
        return _code_of(state, {"_discounts": [discount]})
    coupon = state.require("coupon", discount["coupon"])
    return str(coupon["name"] or coupon["id"])


def _trial_days(state: State, session: Json) -> int:
    data = session["_subscription_data"]
    if "trial_end" in data:
        return max(-(-(data["trial_end"] - state.now()) // 86_400), 0)
    return int(data.get("trial_period_days", 0))


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
    name = fields.get("cardholder_name", "").strip()
    if not needs_card(session):
        return Payer(email=email, name=name, card=None, exp_month=0, exp_year=0)
    typed = read_card(fields)
    return Payer(
        email=email,
        name=name,
        card=typed.card,
        exp_month=typed.exp_month,
        exp_year=typed.exp_year,
        confirmed=typed.confirmed,
    )
