"""How much pressure there is, and what is left out under it: asked in every process, at no cost."""

from events.shedding.later import gives_way, later
from events.shedding.measure import (
    Measure,
    count,
    counts,
    is_shed,
    is_time,
    measures,
    register,
    retry_after,
)
from events.shedding.rounds import every_second
from events.shedding.sampling import weight
from events.shedding.standing import CALM, HIGHEST, Standing, follow, known, level, look, tell

__all__ = [
    "CALM",
    "HIGHEST",
    "Measure",
    "Standing",
    "count",
    "counts",
    "every_second",
    "follow",
    "gives_way",
    "is_shed",
    "is_time",
    "known",
    "later",
    "level",
    "look",
    "measures",
    "register",
    "retry_after",
    "tell",
    "weight",
]
