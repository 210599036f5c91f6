"""Invoice items: https://docs.stripe.com/api/invoiceitems. Lines that wait for, or are on, an
invoice: prorations of a subscription, and amounts that the app adds by itself."""

from typing import Any

import stripe

from stripe_simulator.identifiers import new_id
from stripe_simulator.objects.prices import option_in
from stripe_simulator.shapes import Json, shape
from stripe_simulator.store import State

_WAITING = "json_extract(data, '$.invoice') IS NULL"


def new_subscription_item(
    state: State,
    *,
    subscription: Json,
    item: Json,
    price: Json,
    quantity: int,
    amount: int,
    description: str,
    period: tuple[int, int],
    proration: bool = True,
) -> Json:
    """What a subscription item adds to the next invoice: a proration, or usage of a price that it
    no longer has; `amount` in minor units, negative for a credit."""
    return _new(
        state,
        amount=amount,
        currency=subscription["currency"],
        customer=subscription["customer"],
        description=description,
        discountable=not proration,
        parent={
            "subscription_details": {
                "subscription": subscription["id"],
                "subscription_item": item["id"],
            },
            "type": "subscription_details",
        },
        period={"start": period[0], "end": period[1]},
        pricing=_pricing(price, subscription["currency"]),
        proration=proration,
        quantity=quantity,
        _tax_rates=item["_tax_rates"],
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
    price: Json | None = None,
    quantity: int = 1,
    discountable: bool | None = None,
    tax_rates: list[str] | None = None,
) -> Json:
    """An amount that the app bills, of a price or without one, on a draft or (None) on the next
    invoice."""
    return _new(
        state,
        amount=amount,
        currency=currency,
        customer=customer,
        description=description,
        discountable=amount > 0 if discountable is None else discountable,
        invoice=invoice,
        period={"start": period[0], "end": period[1]},
        pricing=_pricing(price, currency) if price else None,
        proration=False,
        quantity=quantity,
        _tax_rates=tax_rates or [],
    )


def _pricing(price: Json, currency: str) -> Json:
    return shape(
        stripe.InvoiceItem.Pricing,
        price_details={"price": price["id"], "product": price["product"]},
        type="price_details",
        unit_amount_decimal=option_in(price, currency)["unit_amount_decimal"],
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
