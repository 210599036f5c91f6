"""Hosted Checkout in payment mode: something is paid for once, by a payment that no invoice makes."""

from typing import Any

from stripe_simulator.errors import CardError, NotSimulated, StripeError, invalid, missing
from stripe_simulator.events import emit
from stripe_simulator.metadata import merge_metadata
from stripe_simulator.objects.charges import new_charge
from stripe_simulator.objects.checkout_sessions import Quote, new_session
from stripe_simulator.objects.payment_intents import new_payment_intent
from stripe_simulator.objects.payment_methods import attach, decline_of, new_card
from stripe_simulator.objects.prices import item_amount
from stripe_simulator.rules.checkout import Payer, close
from stripe_simulator.rules.checkout_checks import (
    check_addresses,
    check_expiry,
    check_options,
    not_in,
)
from stripe_simulator.rules.disputing import dispute_at_once
from stripe_simulator.rules.inline_prices import inline_price
from stripe_simulator.shapes import Json
from stripe_simulator.sources import assumed, documented
from stripe_simulator.store import State

_OF_OTHERS = ("subscription_data", "setup_intent_data", "payment_method_collection")
_NOT_HERE = ("discounts", "allow_promotion_codes")
_DATA = {"description", "metadata", "setup_future_usage"}
_MOST = 100


@documented("api/checkout/sessions/create#create_checkout_session-mode")
def open_session(state: State, params: dict[str, Any]) -> Json:
    """A new session. `params` are those of the API route; raises StripeError as Stripe does."""
    for name in _OF_OTHERS:
        if params.get(name):
            raise not_in("payment", name)
    for name in _NOT_HERE:
        if params.get(name):
            raise NotSimulated(f"`{name}` of a Checkout in payment mode", param=name)
    if (params.get("automatic_tax") or {}).get("enabled"):
        raise NotSimulated("Tax of a Checkout in payment mode", param="automatic_tax")
    check_addresses(params)
    check_options(params)
    if params.get("customer"):
        state.require("customer", params["customer"], param="customer", status=400)
    data: Json = params.get("payment_intent_data") or {}
    for name in data.keys() - _DATA:
        raise NotSimulated(f"`payment_intent_data[{name}]`", param=f"payment_intent_data[{name}]")
    check_expiry(state, params)
    lines = _lines(state, params.get("line_items") or [], params.get("currency"))
    session = new_session(state, lines, params, _quote(lines))
    session["_payment_intent_data"] = data
    return state.save(session)


def _lines(state: State, given: list[Json], asked: str | None) -> list[tuple[Json, int]]:
    if not given or len(given) > _MOST:
        raise missing("line_items")
    lines = []
    for position, item in enumerate(given):
        at = f"line_items[{position}]"
        for name in item.keys() - {"price", "price_data", "quantity"}:
            raise NotSimulated(f"A line item's `{name}`", param=f"{at}[{name}]")
        quantity = item.get("quantity", 1)
        if quantity < 1:
            raise invalid("This value must be greater than or equal to 1.", f"{at}[quantity]")
        lines.append((_price(state, item, at), quantity))
    currencies = {price["currency"] for price, _ in lines} | ({asked} if asked else set())
    if len(currencies) > 1:
        raise invalid("All line items must have the same currency.", "line_items")
    return lines


def _price(state: State, item: Json, at: str) -> Json:
    if "price_data" in item:
        if "price" in item:
            raise invalid("Pass either `price` or `price_data`.", f"{at}[price_data]")
        return inline_price(state, item["price_data"], name=f"{at}[price_data]")
    price = state.require("price", item.get("price", ""), param=f"{at}[price]", status=400)
    if not price["active"]:
        raise invalid("The price specified is inactive.", f"{at}[price]")
    if price["type"] != "one_time":
        raise invalid(
            "You specified `payment` mode but passed a recurring price. Either switch to "
            "`subscription` mode or use only one-time prices.",
            f"{at}[price]",
        )
    return price


def _quote(lines: list[tuple[Json, int]]) -> Quote:
    quoted: dict[str, Json] = {}
    for price, quantity in lines:
        line = quoted.setdefault(price["id"], {"amount": 0, "discount": 0, "tax": 0})
        line["amount"] += item_amount(price, quantity)
    total = sum(line["amount"] for line in quoted.values())
    return Quote(lines[0][0]["currency"], total, total, discount=0, tax=0, lines=quoted)


@documented("payments/checkout/guest-customers")
@assumed(
    "events of a paid Checkout: payment_intent.created, charge, payment_intent, the session last"
)
def complete(state: State, session: Json, payer: Payer) -> Json:
    """Charge the card once. Who is no customer stays a guest; a card is kept where that was asked for.

    Raises CardError when the card is declined; nothing is kept of that attempt.
    """
    if session["status"] != "open":
        raise StripeError(f"This Checkout Session is {session['status']}.")
    if session["amount_total"] == 0 or payer.card is None:
        close(state, session, _payer(state, session, payer), payment_status="no_payment_required")
        return session
    method = new_card(
        state,
        payer.card,
        exp_month=payer.exp_month,
        exp_year=payer.exp_year,
        billing_details={"email": payer.email, "name": payer.name or None},
    )
    decline = decline_of(method, confirmed=payer.confirmed)
    if decline is not None:
        error: CardError = decline.error(keeps_changes=False)
        raise error
    data = session["_payment_intent_data"]
    intent = new_payment_intent(
        state,
        amount=session["amount_total"],
        currency=session["currency"],
        customer=session["customer"],
    )
    keep = data.get("setup_future_usage")
    intent.update(description=data.get("description"), setup_future_usage=keep)
    merge_metadata(intent, data)
    emit(state, "payment_intent.created", state.save(intent))
    if keep and session["customer"]:
        method = attach(state, method, state.require("customer", session["customer"]))
    charge = new_charge(state, intent, method, None)
    intent.update(
        amount_received=intent["amount"],
        latest_charge=charge["id"],
        payment_method=method["id"],
        status="succeeded",
    )
    state.save(intent)
    emit(state, "charge.succeeded", charge)
    emit(state, "payment_intent.succeeded", intent)
    close(
        state,
        session,
        _payer(state, session, payer),
        payment_intent=intent["id"],
        payment_status="paid",
    )
    dispute_at_once(state, charge, method)
    return session


def _payer(state: State, session: Json, payer: Payer) -> Json:
    """The customer, or what a guest said of themselves."""
    if session["customer"]:
        return state.require("customer", session["customer"])
    known = {"address": None, "phone": None, "tax_exempt": "none"}
    return {"id": None, "email": payer.email, "name": payer.name or None, **known}
