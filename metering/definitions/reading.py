"""How a meter reads an event: whether it counts, what its value is, and its dimensions.

Everything about the meter is decided beforehand, so that an event costs few steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from events import Event
from metering.definitions.meter import ANONYMOUS_ID, PERSON, Meter
from metering.definitions.sense import accepted, refused
from metering.definitions.values import (
    LONGEST_DIMENSION,
    Dims,
    dimension,
    distinct_value,
    number,
    text,
)


def filtering(meter: Meter) -> Callable[[Mapping[str, Any]], bool] | None:
    """Whether an event's properties pass the meter's filters and excludes; None when it has none."""
    wanted = [(name, frozenset(map(text, accepted(meter, name)))) for name in meter.filters]
    left_out = [(name, frozenset(map(text, refused(meter, name)))) for name in meter.excludes]
    if not wanted and not left_out:
        return None
    if not wanted and len(left_out) == 1:
        [(only, values)] = left_out  # the commonest, of the most frequent event
        return lambda properties: text(properties.get(only)) not in values
    return lambda properties: (
        all(text(properties.get(name)) in fits for name, fits in wanted)
        and not any(text(properties.get(name)) in values for name, values in left_out)
    )


def reader(meter: Meter) -> Callable[[Event], Any] | None:
    """Reads an event's value, None of one that has none. No reader: each event counts 1."""
    if meter.aggregation == "count":
        return None
    if meter.aggregation == "unique":
        read = _text_of(str(meter.property))

        def seen(event: Event) -> str | None:
            value = read(event)
            return None if value is None else distinct_value(value)

        return seen
    name = str(meter.property)
    return lambda event: number(event.properties.get(name))


def dimensions(meter: Meter) -> Callable[[Event], Dims] | None:
    """Reads an event's dimensions as breakdowns keep them; None when the meter has none."""
    if not meter.group_by:
        return None
    if len(meter.group_by) == 1:
        only = _dimension(meter.group_by[0])
        return lambda event: (only(event),)
    each = [_dimension(name) for name in meter.group_by]
    return lambda event: tuple([read(event) for read in each])


def _dimension(name: str) -> Callable[[Event], str | None]:
    read = _text_of(name)

    def cut(event: Event) -> str | None:
        value = read(event)
        return value if value is None or len(value) <= LONGEST_DIMENSION else dimension(value)

    return cut


def _text_of(name: str) -> Callable[[Event], str | None]:
    """Reads a property, or what an event has besides its properties, as text."""
    if name == PERSON:
        return lambda event: None if event.person is None else str(event.person)
    if name == ANONYMOUS_ID:
        return lambda event: event.anonymous_id
    return lambda event: text(event.properties.get(name))
