"""Closed periods: sealed statements, and what came later."""

from metering.statements.chain import broken, is_as_sealed, not_whole
from metering.statements.closing import RAW_FOR, close_due
from metering.statements.comparing import Restated, restated, restated_otherwise

__all__ = [
    "RAW_FOR",
    "Restated",
    "broken",
    "close_due",
    "is_as_sealed",
    "not_whole",
    "restated",
    "restated_otherwise",
]
