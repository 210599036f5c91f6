"""Closed periods: sealed statements, and what came later."""

from metering.statements.closing import RAW_FOR, close_due

__all__ = [
    "RAW_FOR",
    "close_due",
]
