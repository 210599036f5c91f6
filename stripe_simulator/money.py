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
