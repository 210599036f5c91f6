"""Checkout sessions: https://docs.stripe.com/api/checkout/sessions/object."""

from typing import Any

import stripe

from stripe_simulator.identifiers import new_id
from stripe_simulator.metadata import merge_metadata
from stripe_simulator.objects.prices import item_amount
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


def new_session(state: State, lines: list[tuple[Json, int]], params: dict[str, Any]) -> Json:
    """An open session of hosted Checkout in subscription mode. `lines` are price and quantity."""
    kind, id = stripe.checkout.Session, new_id("cs_test")
    total = sum(item_amount(price, quantity) for price, quantity in lines)
    session = shape(
        kind,
        id=id,
        adaptive_pricing={"enabled": False},
        amount_subtotal=total,
        amount_total=total,
        automatic_tax=shape(kind.AutomaticTax, enabled=False),
        created=state.now(),
        currency=lines[0][0]["currency"],
        custom_fields=[],
        custom_text=shape(kind.CustomText, **(params.get("custom_text") or {})),
        customer_creation=None if params.get("customer") else "always",
        customer_details=_details(params.get("customer_email")),
        discounts=[],
        expires_at=params.get("expires_at", state.now() + LIFETIME),
        livemode=False,
        metadata={},
        mode="subscription",
        payment_method_collection=params.get("payment_method_collection", "always"),
        payment_method_options={"card": {"request_three_d_secure": "automatic"}},
        payment_method_types=["card"],
        payment_status="unpaid",
        phone_number_collection={"enabled": False},
        shipping_options=[],
        status="open",
        total_details=_total_details(),
        ui_mode="hosted_page",
        url=f"{state.public_url}/checkout/{id}",
        **{name: params.get(name) for name in _ECHOED},
        _lines=[
            {"id": new_id("li"), "price": price["id"], "quantity": quantity}
            for price, quantity in lines
        ],
        _customer_update=params.get("customer_update") or {},
        _subscription_data=params.get("subscription_data") or {},
    )
    merge_metadata(session, params)
    return state.save(session)


def _details(email: str | None) -> Json | None:
    return shape(stripe.checkout.Session.CustomerDetails, email=email) if email else None


def _total_details() -> Json:
    kind = stripe.checkout.Session.TotalDetails
    details = shape(kind, amount_discount=0, amount_shipping=0, amount_tax=0)
    del details["breakdown"]
    return details


def line_items(state: State, session: Json) -> list[Json]:
    """The session's line items, each with its price embedded."""
    items = []
    for line in session["_lines"]:
        price = state.require("price", line["price"])
        product = state.require("product", price["product"])
        amount = item_amount(price, line["quantity"])
        item = shape(
            stripe.LineItem,
            id=line["id"],
            amount_discount=0,
            amount_subtotal=amount,
            amount_tax=0,
            amount_total=amount,
            currency=price["currency"],
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
