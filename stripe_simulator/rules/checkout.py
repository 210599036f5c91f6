"""Hosted Checkout in subscription mode: opening a session, paying it, letting it expire.

Setup and payment mode have beginnings and ends of their own (`checkout_setup`, `checkout_payment`).
"""

from dataclasses import dataclass
from typing import Any

from stripe_simulator.cards import TestCard
from stripe_simulator.errors import NotSimulated, StripeError, invalid, missing
from stripe_simulator.events import emit
from stripe_simulator.objects.checkout_sessions import Quote, new_session, set_quote
from stripe_simulator.objects.customers import create_customer
from stripe_simulator.objects.payment_methods import attach, new_card
from stripe_simulator.presentation import present
from stripe_simulator.rules import setting_up
from stripe_simulator.rules.checkout_checks import (
    check_addresses,
    check_expiry,
    check_options,
    not_in,
)
from stripe_simulator.rules.subscribing import Wanted, start, wanted_items
from stripe_simulator.shapes import Json
from stripe_simulator.sources import documented
from stripe_simulator.store import State

_PLACEHOLDER = "{CHECKOUT_SESSION_ID}"


@dataclass(frozen=True)
class Payer:
    """What a person types on the Checkout page; no card where none is asked for. `confirmed` with
    the card's bank (3-D Secure)."""

    email: str
    name: str
    card: TestCard | None
    exp_month: int
    exp_year: int
    confirmed: bool = False


def open_session(state: State, params: dict[str, Any]) -> Json:
    """A new session. `params` are those of the API route; raises StripeError as Stripe does."""
    if params.get("mode") != "subscription":
        raise missing("mode")
    for name in ("setup_intent_data", "payment_intent_data"):
        if name in params:
            raise not_in("subscription", name)
    check_addresses(params)
    check_options(params)
    if params.get("customer"):
        if params.get("customer_email"):
            raise invalid(
                "You may only specify one of these parameters: customer, customer_email.",
                "customer_email",
            )
        state.require("customer", params["customer"], param="customer", status=400)
    given = params.get("line_items")
    if not given:
        raise missing("line_items")
    for position, item in enumerate(given):
        for name in item.keys() - {"price", "quantity"}:
            raise NotSimulated(f"A line item's `{name}`", param=f"line_items[{position}][{name}]")
    wanted = wanted_items(state, given, name="line_items")
    check_expiry(state, params)
    if params.get("discounts") and params.get("allow_promotion_codes"):
        raise invalid(
            "You may only specify one of these parameters: allow_promotion_codes, discounts.",
            "discounts",
        )
    if len(params.get("discounts") or []) > 1:
        raise invalid("Checkout takes one discount.", "discounts")
    terms = _terms(
        params.get("subscription_data") or {},
        discounts=params.get("discounts") or [],
        automatic_tax=params.get("automatic_tax") or {"enabled": False},
        currency=params.get("currency"),
    )
    quote = _quote(state, params.get("customer"), wanted, terms)
    lines = [(one.price, one.quantity) for one in wanted]
    return new_session(state, lines, params, quote)


def _terms(data: Json, *, currency: str | None, **given: Any) -> Json:
    """The parameters of the subscription that a session starts."""
    return {**data, **given, **({"currency": currency} if currency else {})}


def _quote(state: State, customer: str | None, wanted: list[Wanted], terms: Json) -> Quote:
    """What the session asks for now: the subscription is started, and that undone."""
    with state.rehearsal():
        buyer = state.require("customer", customer) if customer else create_customer(state)
        subscription, _ = start(
            state, buyer, wanted, payment_method=None, params=terms, pay_now=False
        )
        invoice = state.require("invoice", subscription["latest_invoice"])
        lines: dict[str, Json] = {}
        for line in state.select("line_item", {"invoice": invoice["id"]}):
            if line["pricing"] is None:
                continue
            known = lines.setdefault(
                line["pricing"]["price_details"]["price"], {"amount": 0, "discount": 0, "tax": 0}
            )
            known["amount"] += line["amount"]
            known["discount"] += sum(one["amount"] for one in line["discount_amounts"])
            known["tax"] += sum(
                one["amount"] for one in line["taxes"] if one["tax_behavior"] == "exclusive"
            )
        return Quote(
            currency=invoice["currency"],
            subtotal=invoice["subtotal"],
            total=invoice["total"],
            discount=sum(one["amount"] for one in invoice["total_discount_amounts"]),
            tax=sum(one["amount"] for one in invoice["total_taxes"]),
            lines=lines,
        )


def _of_session(state: State, session: Json) -> tuple[list[Wanted], Json]:
    """What an open session sells, and on which terms."""
    wanted = [_wanted(state, line) for line in session["_lines"]]
    terms = _terms(
        session["_subscription_data"],
        discounts=session["_discounts"],
        automatic_tax=session["_automatic_tax"],
        currency=session["currency"],
    )
    return wanted, terms


def _wanted(state: State, line: Json) -> Wanted:
    return Wanted(state.require("price", line["price"]), line["quantity"] or 0)


@documented("payments/checkout/discounts#create-a-checkout-session-with-promotion-codes")
def apply_code(state: State, session: Json, code: str) -> None:
    """Take a promotion code that somebody typed; an empty one takes it off. Raises StripeError."""
    if not session["allow_promotion_codes"]:
        raise invalid("This Checkout takes no promotion codes.", "promotion_code")
    given = []
    if code:
        found = state.select(
            "promotion_code",
            {"active": True},
            condition="lower(json_extract(data, '$.code')) = ?",
            values=(code.lower(),),
        )
        if not found:
            raise invalid("This code is invalid.", "promotion_code")
        given = [{"promotion_code": found[-1]["id"]}]
    session["_discounts"] = given
    wanted, terms = _of_session(state, session)
    set_quote(session, _quote(state, session["customer"], wanted, terms))
    state.save(session)


def needs_card(session: Json) -> bool:
    """Whether the page asks for a card: always, or only when something is due now."""
    if session["mode"] == "setup":
        return True
    always = session["payment_method_collection"] == "always"
    return always or session["amount_total"] > 0


def complete(state: State, session: Json, payer: Payer) -> Json:
    """Pay the session: customer, card, subscription and paid invoice, with all their events.

    Raises CardError when the card is declined; nothing is kept of that attempt.
    """
    if session["status"] != "open":
        raise StripeError(f"This Checkout Session is {session['status']}.")
    customer = _customer(state, session, payer)
    method = _save_card(state, customer, payer) if payer.card else None
    _update_customer(state, customer, session, payer)
    wanted, terms = _of_session(state, session)
    subscription, decline = start(
        state,
        customer,
        wanted,
        payment_method=method["id"] if method else None,
        params=terms,
        confirmed=payer.confirmed,
    )
    if decline is not None:
        raise decline.error(keeps_changes=False)
    close(
        state,
        session,
        customer,
        invoice=subscription["latest_invoice"],
        payment_status="paid" if session["amount_total"] else "no_payment_required",
        subscription=subscription["id"],
    )
    emit(state, "customer.subscription.created", subscription)
    return session


def _save_card(state: State, customer: Json, payer: Payer) -> Json:
    card = payer.card
    assert card is not None  # noqa: S101  asked by the caller
    if card.decline and not card.attaches:
        raise card.decline.error(keeps_changes=False)
    method = new_card(
        state,
        card,
        exp_month=payer.exp_month,
        exp_year=payer.exp_year,
        billing_details={"email": payer.email, "name": payer.name or None},
    )
    method["_authenticated"] = payer.confirmed
    return attach(state, method, customer)


def _customer(state: State, session: Json, payer: Payer) -> Json:
    if session["customer"]:
        return state.require("customer", session["customer"])
    return create_customer(state, email=payer.email, name=payer.name or None)


def _update_customer(state: State, customer: Json, session: Json, payer: Payer) -> None:
    """What Checkout learns about a customer that did not know it yet."""
    before = present(state, customer)
    customer["email"] = customer["email"] or payer.email
    if session["_customer_update"].get("name") == "auto":
        customer["name"] = payer.name or customer["name"]
    customer["currency"] = session["currency"]
    if customer != before:
        state.save(customer)
        emit(state, "customer.updated", customer, before=before)


def close(state: State, session: Json, customer: Json, **became: str) -> None:
    """Complete the session (saved, with its event); `became`: what came of it."""
    session.update(
        customer=customer["id"],
        customer_details={
            "address": customer["address"],
            "business_name": None,
            "email": customer["email"],
            "individual_name": None,
            "name": customer["name"],
            "phone": customer["phone"],
            "tax_exempt": customer["tax_exempt"],
            "tax_ids": [],
        },
        status="complete",
        url=None,
        **became,
    )
    state.save(session)
    emit(state, "checkout.session.completed", session)


def expire(state: State, session: Json) -> Json:
    if session["status"] != "open":
        raise StripeError(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout '
            f"Session has a status of {session['status']}."
        )
    session.update(status="expired", url=None)
    state.save(session)
    if session["setup_intent"]:
        setting_up.cancel(state, state.require("setup_intent", session["setup_intent"]))
    emit(state, "checkout.session.expired", session)
    return session


def success_address(session: Json) -> str:
    """Where Checkout sends the customer, with the session's ID in its place."""
    return str(session["success_url"]).replace(_PLACEHOLDER, session["id"])
