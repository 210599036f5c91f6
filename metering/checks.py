"""System checks: a catalogue that contradicts itself is found at start-up, not on an invoice."""

from __future__ import annotations

from typing import Any

import psycopg
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from events.store import StoreUnavailable
from metering import rebuild
from metering.catalogue import CatalogueError, meters


@register()
def check_catalogue(**_: Any) -> list[CheckMessage]:
    """The product's meters are well defined, over events that exist."""
    try:
        meters()
    except (CatalogueError, ImportError, AttributeError) as error:
        return [Error(f"PRODUCT_APP.catalogue.METERS: {error}", id="metering.E001")]
    return []


@register(Tags.database)
def check_rollups(**_: Any) -> list[CheckMessage]:
    """Every bucket was counted by its meter's definition. Only with `check --database`."""
    try:
        outdated = rebuild.outdated()
    except (CatalogueError, StoreUnavailable):
        return []  # said by others
    except psycopg.errors.UndefinedTable:
        return []  # `migrate` asks, too, before the event store has its tables
    return [
        Warning(f'The meter "{key}": {why}.', hint="Run rebuild_rollups.", id="metering.W001")
        for key, why in outdated.items()
    ]
