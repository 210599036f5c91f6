"""Amounts of money as people read them."""

from __future__ import annotations

from decimal import Decimal

# Stripe, "Supported currencies": these have no minor unit.
_ZERO_DECIMAL = {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga"}
_ZERO_DECIMAL |= {"pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"}
_SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}


def in_words(amount: int, currency: str, *, short: bool = False) -> str:
    """The amount (minor units) like "$1,290.00"; `short` leaves out cents where there are none."""
    places = 0 if currency in _ZERO_DECIMAL else 2
    units = Decimal(abs(amount)).scaleb(-places)
    digits = 0 if short and units == int(units) else places
    sign = "\N{MINUS SIGN}" if amount < 0 else ""
    symbol = _SYMBOLS.get(currency)
    number = f"{units:,.{digits}f}"
    return f"{sign}{symbol}{number}" if symbol else f"{sign}{number} {currency.upper()}"
