"""Amounts as people read them. Stripe counts in minor units, except in currencies without any."""

from decimal import Decimal

_WITHOUT_MINOR_UNIT = frozenset(
    (
        *("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga"),
        *("pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf"),
    )
)
_SIGNS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}


def money(amount: int | str, currency: str) -> str:
    """`money(2900, "usd")` is "$29.00"; an unknown sign is written as its code."""
    exact = Decimal(amount)
    if currency not in _WITHOUT_MINOR_UNIT:
        exact = exact / 100
    digits = f"{abs(exact):,.0f}" if currency in _WITHOUT_MINOR_UNIT else f"{abs(exact):,.2f}"
    sign = _SIGNS.get(currency, f"{currency.upper()} ")
    return f"{'-' if exact < 0 else ''}{sign}{digits}"


# Stripe, "Minimum and maximum charge amounts"; those that are not 50.
_MINIMUM = {"gbp": 30, "dkk": 250, "nok": 300, "sek": 300, "mxn": 1000, "hkd": 400, "czk": 1500}


def minimum_charge(currency: str) -> int:
    """The least that a card is charged, in minor units."""
    return _MINIMUM.get(currency, 50)
