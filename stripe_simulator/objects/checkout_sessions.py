"""Checkout sessions: https://docs.stripe.com/api/checkout/sessions/object."""

from dataclasses import dataclass
from typing import Any

import stripe

from stripe_simulator.identifiers import new_id
from stripe_simulator.metadata import merge_metadata
from stripe_simulator.presentation import inclusion, present
from stripe_simulator.shapes import Json, list_object, shape
from stripe_simulator.store import State

LIFETIME = 24 * 3600
_ECHOED = (
    "allow_promotion_codes",
    "billing_address_collection",
    "cancel_url",
    "client_reference_id",
    "customer",
    "customer_email",
    "locale",
    "submit_type",
    "success_url",
)


@dataclass(frozen=True)
class Quote:
    """What a session will ask for now, in minor units; `lines` by price."""

    currency: str
    subtotal: int
    total: int
    discount: int
    tax: int
    lines: dict[str, Json]


def new_session(
    state: State, lines: list[tuple[Json, int]], params: dict[str, Any], quote: Quote | None
) -> Json:
    """An open session of hosted Checkout. `lines` are price and quantity; without a `quote` nothing is
    asked for (setup mode)."""
    kind, id = stripe.checkout.Session, new_id("cs_test")
    taxed = bool((params.get("automatic_tax") or {}).get("enabled"))
    session = shape(
        kind,
        id=id,
        adaptive_pricing={"enabled": False},
        automatic_tax=shape(
            kind.AutomaticTax,
            enabled=taxed,
            liability={"type": "self"} if taxed else None,
            status="complete" if taxed else None,
        ),
        created=state.now(),
        currency=quote.currency if quote else params.get("currency"),
        custom_fields=[],
        custom_text=shape(kind.CustomText, **(params.get("custom_text") or {})),
        customer_creation=None if params.get("customer") else _creation(params["mode"]),
        customer_details=_details(params.get("customer_email")),
        discounts=[_shown_discount(one) for one in params.get("discounts") or []],
        expires_at=params.get("expires_at", state.now() + LIFETIME),
        livemode=False,
        metadata={},
        mode=params["mode"],
        payment_method_collection=params.get("payment_method_collection", "always")
        if params["mode"] == "subscription"
        else None,
        payment_method_options={"card": {"request_three_d_secure": "automatic"}},
        payment_method_types=["card"],
        payment_status="unpaid" if quote else "no_payment_required",
        phone_number_collection={"enabled": False},
        shipping_options=[],
        status="open",
        tax_id_collection={"enabled": False, "required": "never"},
        ui_mode="hosted_page",
        url=f"{state.public_url}/checkout/{id}",
        **{name: params.get(name) for name in _ECHOED},
        _lines=[
            {"id": new_id("li"), "price": price["id"], "quantity": quantity}
            for price, quantity in lines
        ],
        _customer_update=params.get("customer_update") or {},
        _subscription_data=params.get("subscription_data") or {},
        _discounts=params.get("discounts") or [],
        _automatic_tax={"enabled": taxed},
        _quoted={},
    )
    merge_metadata(session, params)
    if quote is not None:
        set_quote(session, quote)
    return state.save(session)


def _creation(mode: str) -> str:
    """Who pays once stays a guest, unless that is asked for."""
    return "if_required" if mode == "payment" else "always"


def _shown_discount(given: Json) -> Json:
    return {"coupon": None, "promotion_code": None} | given


def set_quote(session: Json, quote: Quote) -> None:
    """Put the amounts on the session (unsaved)."""
    session.update(
        amount_subtotal=quote.subtotal,
        amount_total=quote.total,
        discounts=[_shown_discount(one) for one in session["_discounts"]],
        total_details=_total_details(quote),
        _quoted=quote.lines,
    )


def _details(email: str | None) -> Json | None:
    return shape(stripe.checkout.Session.CustomerDetails, email=email) if email else None


def _total_details(quote: Quote) -> Json:
    kind = stripe.checkout.Session.TotalDetails
    details = shape(kind, amount_discount=quote.discount, amount_shipping=0, amount_tax=quote.tax)
    del details["breakdown"]
    return details


def line_items(state: State, session: Json) -> list[Json]:
    """The session's line items, each with its price embedded."""
    items = []
    for line in session["_lines"]:
        price = state.require("price", line["price"])
        product = state.require("product", price["product"])
        quoted = session["_quoted"].get(price["id"], {"amount": 0, "discount": 0, "tax": 0})
        item = shape(
            stripe.LineItem,
            id=line["id"],
            amount_discount=quoted["discount"],
            amount_subtotal=quoted["amount"],
            amount_tax=quoted["tax"],
            amount_total=quoted["amount"] - quoted["discount"] + quoted["tax"],
            currency=session["currency"],
            description=product["name"],
            price=present(state, price),
            quantity=line["quantity"],
        )
        items.append({key: value for key, value in item.items() if value is not None})
    return items


@inclusion("checkout.session.line_items")
def _line_items(state: State, session: Json) -> Json:
    stored = state.require("checkout.session", session["id"])
    url = f"/v1/checkout/sessions/{session['id']}/line_items"
    return list_object(line_items(state, stored), url=url)


@inclusion("item.discounts")
def _discounts(state: State, item: Json) -> list[Json]:
    return []


@inclusion("checkout.session.total_details.breakdown")
def _breakdown(state: State, details: Json) -> Json:
    return {"discounts": [], "taxes": []}
