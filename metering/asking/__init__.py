"""How much was used: the one place where usage is read."""

from metering.asking.query import Question, ask, ask_stored
from metering.asking.usage import current as current_usage

__all__ = [
    "Question",
    "ask",
    "ask_stored",
    "current_usage",
]
