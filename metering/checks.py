"""System checks: a catalogue that contradicts itself is found at start-up, not on an invoice."""

from __future__ import annotations

from typing import Any

import psycopg
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from events.conf import retention_days
from events.event import OLDEST
from events.store import StoreUnavailable
from metering import statements
from metering.definitions.catalogue import meters
from metering.definitions.meter import CatalogueError
from metering.rollups import rebuild, rollups


@register()
def check_catalogue(**_: Any) -> list[CheckMessage]:
    """The product's meters are well defined, over events that exist."""
    try:
        meters()
    except (CatalogueError, ImportError, AttributeError, TypeError, ValueError) as error:
        return [Error(f"PRODUCT_APP.catalogue.METERS: {error}", id="metering.E001")]
    return []


@register()
def check_retention(**_: Any) -> list[CheckMessage]:
    """Raw events stay until the last event of their period can have come.

    A period that begins between two minutes can only be counted again from raw events: with less,
    what comes late for it would never be billed.
    """
    days = retention_days()
    if not days or days >= statements.RAW_FOR.days:
        return []
    return [
        Warning(
            f"EVENTS_RETENTION_DAYS is {days}: events may come {OLDEST.days} days late, and what "
            f"comes for a closed period is not adjusted once its raw events are archived.",
            hint=f"Keep them for {statements.RAW_FOR.days} days or more, or for ever (0).",
            id="metering.W002",
        )
    ]


@register(Tags.database)
def check_rollups(**_: Any) -> list[CheckMessage]:
    """Every bucket was counted by its meter's definition. Only with `check --database`."""
    try:
        outdated, deviations = rebuild.outdated(), rollups().misshapen()
    except (CatalogueError, StoreUnavailable):
        return []  # said by others
    except psycopg.errors.UndefinedTable:
        return []  # `migrate` asks, too, before the event store has its tables
    return [
        *(
            Warning(f'The meter "{key}": {why}.', hint="Run rebuild_rollups.", id="metering.W001")
            for key, why in outdated.items()
        ),
        *(
            Warning(f"Rollups: {each}.", hint="Run prepare.", id="metering.W003")
            for each in deviations
        ),
    ]
