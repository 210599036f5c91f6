"""Invoice items: https://docs.stripe.com/api/invoiceitems. Lines that wait for, or are on, an
invoice: prorations of a subscription, and amounts that the app adds by itself."""

from typing import Any

import stripe

from stripe_simulator.identifiers import new_id
from stripe_simulator.shapes import Json, shape
from stripe_simulator.store import State

_WAITING = "json_extract(data, '$.invoice') IS NULL"


def new_proration_item(
    state: State,
    *,
    subscription: Json,
    item: Json,
    price: Json,
    quantity: int,
    amount: int,
    description: str,
    period: tuple[int, int],
) -> Json:
    """A proration of a subscription item; `amount` in minor units, negative for a credit."""
    kind = stripe.InvoiceItem
    return _new(
        state,
        amount=amount,
        currency=price["currency"],
        customer=subscription["customer"],
        description=description,
        discountable=False,
        parent={
            "subscription_details": {
                "subscription": subscription["id"],
                "subscription_item": item["id"],
            },
            "type": "subscription_details",
        },
        period={"start": period[0], "end": period[1]},
        pricing=shape(
            kind.Pricing,
            price_details={"price": price["id"], "product": price["product"]},
            type="price_details",
            unit_amount_decimal=price["unit_amount_decimal"],
        ),
        proration=True,
        quantity=quantity,
    )


def new_amount_item(
    state: State,
    *,
    customer: str,
    amount: int,
    currency: str,
    description: str | None,
    period: tuple[int, int],
    invoice: str | None,
) -> Json:
    """An amount that the app bills without a price, on a draft or (None) on the next invoice."""
    return _new(
        state,
        amount=amount,
        currency=currency,
        customer=customer,
        description=description,
        discountable=amount > 0,
        invoice=invoice,
        period={"start": period[0], "end": period[1]},
        proration=False,
        quantity=1,
    )


def _new(state: State, *, amount: int, quantity: int, **values: Any) -> Json:
    item = shape(
        stripe.InvoiceItem,
        id=new_id("ii"),
        amount=amount,
        date=state.now(),
        discounts=[],
        livemode=False,
        metadata={},
        net_amount=amount,
        proration_details=shape(stripe.InvoiceItem.ProrationDetails, discount_amounts=[]),
        quantity=quantity,
        quantity_decimal=str(quantity),
        tax_rates=[],
        **values,
    )
    return state.save(item)


def pending_items(state: State, subscription: str) -> list[Json]:
    """Proration items that no invoice has taken yet."""
    return state.select(
        "invoiceitem",
        {"parent.subscription_details.subscription": subscription},
        condition=_WAITING,
    )


def loose_items(state: State, customer: str, currency: str) -> list[Json]:
    """The customer's items of this currency that no invoice has taken and no subscription has."""
    return state.select(
        "invoiceitem",
        {"customer": customer, "currency": currency},
        condition=f"{_WAITING} AND json_extract(data, '$.parent') IS NULL",
    )
