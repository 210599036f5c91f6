"""Amounts as people read them."""

from __future__ import annotations

from metering.definitions.meter import Meter

_MINUS = "\u2212"
_BYTES = ("bytes", "KB", "MB", "GB", "TB", "PB")


def quantity(meter: Meter, amount: int) -> str:
    """The bare amount: "1,000", or "1.5 MB" (1 KB is 1,024 bytes)."""
    return size(amount) if meter.unit == "bytes" else f"{amount:,}"


def things(meter: Meter, amount: int) -> str:
    """The amount with what it is of: "1,000 clicks", "50 MB of storage"."""
    between = " of " if meter.unit == "bytes" else " "
    return f"{quantity(meter, amount)}{between}{in_sentence(meter.label)}"


def in_sentence(label: str) -> str:
    """The label inside a sentence: "Links" becomes "links", "API calls" stays."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]


def signed(meter: Meter, amount: int) -> str:
    """A change: "+3", or "1.5 MB" with a minus sign before it."""
    return ("+" if amount > 0 else _MINUS) + quantity(meter, abs(amount))


def size(amount: float) -> str:
    """Bytes as people read them: "1.5 MB"."""
    unit = 0
    while abs(amount) >= 1024 and unit < len(_BYTES) - 1:
        amount /= 1024
        unit += 1
    rounded = f"{amount:,.1f}".removesuffix(".0")
    return f"{rounded} {_BYTES[unit]}"
