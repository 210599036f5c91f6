"""Time zones that a person or a workspace may choose."""

from __future__ import annotations

import zoneinfo
from collections import defaultdict
from functools import cache

from django.core.exceptions import ValidationError

_REGIONS = {
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
}  # fmt: skip  (the others are old names of the same places)


def validate_time_zone(name: str) -> None:
    """Raises ValidationError unless it is an IANA name that this machine knows."""
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValidationError(f"“{name}” is not a time zone.") from None


@cache
def choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """For a select: regions with their cities, UTC first."""
    regions: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for name in sorted(zoneinfo.available_timezones()):
        region, _, city = name.partition("/")
        if region in _REGIONS:
            regions[region].append((name, city.replace("_", " ").replace("/", " / ")))
    return [("", [("UTC", "UTC")]), *regions.items()]
