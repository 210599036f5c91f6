"""Amounts of money as people read them."""

from __future__ import annotations

# Stripe, "Supported currencies": these have no minor unit.
_ZERO_DECIMAL = {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga"}
_ZERO_DECIMAL |= {"pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"}
_SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}


def places(currency: str) -> int:
    """Decimals of the currency's major unit."""
    return 0 if currency in _ZERO_DECIMAL else 2


def in_words(amount: int, currency: str, *, short: bool = False) -> str:
    """The amount (minor units) like "$1,290.00"; `short` leaves out cents where there are none."""
    major, minor = divmod(abs(amount), 10 ** places(currency))
    number = f"{major:,}"
    if places(currency) and not (short and minor == 0):
        number += f".{minor:0{places(currency)}d}"
    sign = "\N{MINUS SIGN}" if amount < 0 else ""
    symbol = _SYMBOLS.get(currency)
    return f"{sign}{symbol}{number}" if symbol else f"{sign}{number} {currency.upper()}"
