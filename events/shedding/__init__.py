"""How much pressure there is, and what is left out under it: asked in every process, at no cost."""

from events.shedding.measure import Measure, is_shed, measures, register, retry_after
from events.shedding.rounds import every_second
from events.shedding.sampling import weight
from events.shedding.standing import CALM, HIGHEST, Standing, follow, known, level, look, tell

__all__ = [
    "CALM",
    "HIGHEST",
    "Measure",
    "Standing",
    "every_second",
    "follow",
    "is_shed",
    "known",
    "level",
    "look",
    "measures",
    "register",
    "retry_after",
    "tell",
    "weight",
]
