"""Prices: https://docs.stripe.com/api/prices. Licensed, per unit; one-time or recurring."""

from decimal import ROUND_HALF_UP, Decimal

import stripe

from stripe_simulator.money import money
from stripe_simulator.presentation import inclusion
from stripe_simulator.shapes import Json, shape
from stripe_simulator.store import State


@inclusion("price.currency_options")
def _currency_options(state: State, price: Json) -> Json:
    option = shape(
        stripe.Price.CurrencyOptions,
        tax_behavior=price["tax_behavior"],
        unit_amount=price["unit_amount"],
        unit_amount_decimal=price["unit_amount_decimal"],
    )
    del option["tiers"]
    return {price["currency"]: option}


@inclusion("price.tiers")
def _tiers(state: State, price: Json) -> None:
    """A price per unit has no tiers."""


def item_amount(price: Json, quantity: int) -> int:
    """Minor units for a whole period, rounded once."""
    exact = Decimal(price["unit_amount_decimal"]) * quantity
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def price_label(price: Json) -> str:
    """`$29.00 / month`."""
    every = price["recurring"]
    count = every["interval_count"]
    interval = every["interval"] if count == 1 else f"{count} {every['interval']}s"
    return f"{money(price['unit_amount_decimal'], price['currency'])} / {interval}"
