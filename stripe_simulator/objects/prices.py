"""Prices: https://docs.stripe.com/api/prices. Per unit or in tiers, licensed or metered, in one or
several currencies; one-time or recurring."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

import stripe

from stripe_simulator.money import money
from stripe_simulator.presentation import inclusion
from stripe_simulator.shapes import Json, shape
from stripe_simulator.sources import assumed, documented
from stripe_simulator.store import State


@dataclass(frozen=True)
class Part:
    """A part of what a price asks for: a line of the invoice. `amount` in whole minor units,
    `unit` in exact ones; `tier` from 1 on, None for a price per unit."""

    quantity: int
    amount: int
    unit: str
    tier: int | None = None


@inclusion("price.currency_options")
def _currency_options(state: State, price: Json) -> Json:
    options: Json = state.require("price", price["id"])["_currency_options"]
    return {
        currency: {key: value for key, value in option.items() if key != "tiers"}
        for currency, option in options.items()
    }


@inclusion("price.tiers")
def _tiers(state: State, price: Json) -> list[Json] | None:
    stored = state.require("price", price["id"])
    tiers: list[Json] | None = stored["_currency_options"][stored["currency"]]["tiers"]
    return tiers


def currency_option(params: Json, tax_behavior: str) -> Json:
    """What a price asks in one currency; amounts are whole minor units and exact decimals."""
    kind = stripe.Price.CurrencyOptions
    tiers = [_tier(one) for one in params.get("tiers") or []]
    exact = None if tiers else _exact(params, "unit_amount")
    return shape(
        kind,
        tax_behavior=params.get("tax_behavior", tax_behavior),
        tiers=tiers or None,
        unit_amount=_whole(exact),
        unit_amount_decimal=exact,
    )


def _tier(given: Json) -> Json:
    flat, unit = _exact(given, "flat_amount"), _exact(given, "unit_amount")
    return shape(
        stripe.Price.Tier,
        flat_amount=_whole(flat),
        flat_amount_decimal=flat,
        unit_amount=_whole(unit),
        unit_amount_decimal=unit,
        up_to=None if given["up_to"] == "inf" else given["up_to"],
    )


def _exact(given: Json, name: str) -> str | None:
    amount = given.get(name, given.get(f"{name}_decimal"))
    if amount is None or amount == "":
        return None
    exact = Decimal(str(amount))
    return "0" if exact == 0 else f"{exact.normalize():f}"


def _whole(exact: str | None) -> int | None:
    if exact is None or Decimal(exact) != Decimal(exact).to_integral_value():
        return None
    return int(Decimal(exact))


def option_in(price: Json, currency: str | None = None) -> Json:
    """What the price asks in a currency (None: its own). Raises KeyError when it has none."""
    option: Json = price["_currency_options"][currency or price["currency"]]
    return option


def sold_in(price: Json, currency: str) -> bool:
    return currency in price["_currency_options"]


def is_metered(price: Json) -> bool:
    return bool(price["recurring"]) and price["recurring"]["usage_type"] == "metered"


def parts(price: Json, quantity: int, currency: str | None = None) -> list[Part]:
    """The lines that a quantity makes, each rounded by itself, half up."""
    option, units = option_in(price, currency), _transformed(price, quantity)
    if not option["tiers"]:
        unit = option["unit_amount_decimal"]
        return [Part(quantity, _round(Decimal(unit) * units), unit)]
    tiers = option["tiers"]
    if price["tiers_mode"] == "volume":
        return _volume(tiers, units)
    return _graduated(tiers, units)


def item_amount(price: Json, quantity: int, currency: str | None = None) -> int:
    """Minor units for a whole period."""
    return sum(part.amount for part in parts(price, quantity, currency))


@documented("billing/subscriptions/usage-based/manage-billing-setup#transform-quantities")
def _transformed(price: Json, quantity: int) -> int:
    """The quantity in packages: divided, then rounded up or down."""
    transform = price["transform_quantity"]
    if not transform:
        return quantity
    up = transform["round"] == "up"
    return -(-quantity // transform["divide_by"]) if up else quantity // transform["divide_by"]


@documented("subscriptions/pricing-models/tiered-pricing#graduated-pricing")
@assumed("the first tier's flat amount is asked for at a quantity of 0, too")
def _graduated(tiers: list[Json], units: int) -> list[Part]:
    """Each tier's own units at its own price, and the flat amount of every tier reached."""
    found: list[Part] = []
    below = 0
    for number, tier in enumerate(tiers, 1):
        within = units if tier["up_to"] is None else min(units, tier["up_to"])
        if number > 1 and within <= below:
            break
        found += _tier_parts(tier, number, within - below)
        below = within
    return found


@documented("subscriptions/pricing-models/tiered-pricing#volume-based-pricing")
def _volume(tiers: list[Json], units: int) -> list[Part]:
    """All units at the price of the tier in which the last one lies, and its flat amount."""
    for number, tier in enumerate(tiers, 1):
        if tier["up_to"] is None or units <= tier["up_to"]:
            return _tier_parts(tier, number, units)
    return []


@assumed("a tier makes a line of its own, and its flat amount another")
def _tier_parts(tier: Json, number: int, units: int) -> list[Part]:
    made = []
    unit, flat = tier["unit_amount_decimal"], tier["flat_amount_decimal"]
    if unit is not None and (units or flat is None):
        made.append(Part(units, _round(Decimal(unit) * units), unit, number))
    if flat is not None:
        made.append(Part(1, _round(Decimal(flat)), flat, number))
    return made


def _round(exact: Decimal) -> int:
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def every(price: Json) -> str:
    """`month`, `3 months`."""
    recurring = price["recurring"]
    count = recurring["interval_count"]
    return recurring["interval"] if count == 1 else f"{count} {recurring['interval']}s"


def price_label(price: Json, currency: str | None = None, part: Part | None = None) -> str:
    """`$29.00 / month`; of a tier, `Tier 1 at $0.10 / month`."""
    currency = currency or price["currency"]
    if part is None:
        tiers = option_in(price, currency)["tiers"]
        unit = "0" if tiers else option_in(price, currency)["unit_amount_decimal"]
        return "in tiers" if tiers else f"{money(unit, currency)} / {every(price)}"
    label = f"{money(part.unit, currency)} / {every(price)}"
    return f"Tier {part.tier} at {label}" if part.tier else f"at {label}"
