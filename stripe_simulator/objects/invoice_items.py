"""Invoice items: https://docs.stripe.com/api/invoiceitems. Proration lines that wait for, or
are on, an invoice."""

import stripe

from stripe_simulator.identifiers import new_id
from stripe_simulator.shapes import Json, shape
from stripe_simulator.store import State


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
    return state.save(
        shape(
            kind,
            id=new_id("ii"),
            amount=amount,
            currency=price["currency"],
            customer=subscription["customer"],
            date=state.now(),
            description=description,
            discountable=False,
            discounts=[],
            livemode=False,
            metadata={},
            net_amount=amount,
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
            proration_details=shape(kind.ProrationDetails, discount_amounts=[]),
            quantity=quantity,
            quantity_decimal=str(quantity),
            tax_rates=[],
        )
    )


def pending_items(state: State, subscription: str) -> list[Json]:
    """Proration items that no invoice has taken yet."""
    return state.select(
        "invoiceitem",
        {"parent.subscription_details.subscription": subscription},
        condition="json_extract(data, '$.invoice') IS NULL",
    )
