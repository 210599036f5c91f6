"""Which meters keep the id of a person or of a browser: as a value that a unique count has seen, or as one
by which their buckets are broken down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from metering.definitions.catalogue import meters
from metering.definitions.meter import ANONYMOUS_ID, PERSON
from metering.definitions.values import dimension, distinct_value


@dataclass(frozen=True)
class Renamed:
    """What changes in the rollups of a meter: the values of its unique count, and those of the dimension
    at a place (from 1; 0: none), by the old one."""

    meter: str
    values: Mapping[str, str]
    place: int
    dims: Mapping[str, str]


def renamed(persons: Mapping[UUID, UUID], browsers: Mapping[str, str]) -> list[Renamed]:
    """By meter, those that have something to change."""
    told = {
        PERSON: {str(old): str(new) for old, new in persons.items()},
        ANONYMOUS_ID: dict(browsers),
    }
    found = []
    for key, meter in sorted(meters().items()):
        seen = told.get(meter.property or "", {}) if meter.aggregation == "unique" else {}
        values = {distinct_value(old): distinct_value(new) for old, new in seen.items()}
        grouped = told[PERSON] if PERSON in meter.group_by else {}
        dims = {dimension(old): dimension(new) for old, new in grouped.items()}
        place = meter.group_by.index(PERSON) + 1 if dims else 0
        if values or dims:
            found.append(Renamed(key, values, place, dims))
    return found
