"""How much was used: the one place where usage is read."""

from metering.asking.behind import Behind, Counted, behind
from metering.asking.query import Question, ask, ask_stored
from metering.asking.usage import current as current_usage

__all__ = [
    "Behind",
    "Counted",
    "Question",
    "ask",
    "ask_stored",
    "behind",
    "current_usage",
]
