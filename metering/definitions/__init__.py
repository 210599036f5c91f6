"""What is counted: meters, limits and prices, and how a meter reads an event."""

from metering.definitions.catalogue import get as meter_named
from metering.definitions.catalogue import meters
from metering.definitions.catalogue import shown as shown_meters
from metering.definitions.meter import Meter
from metering.definitions.parts import WHOLE, Part, PartCost, cost_of
from metering.definitions.sense import accepted, check, fingerprint, refused
from metering.definitions.values import EXACT

__all__ = [
    "EXACT",
    "WHOLE",
    "Meter",
    "Part",
    "PartCost",
    "accepted",
    "check",
    "cost_of",
    "fingerprint",
    "meter_named",
    "meters",
    "refused",
    "shown_meters",
]
