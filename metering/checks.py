"""System checks: a catalogue that contradicts itself is found at start-up, not on an invoice."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, register

from metering.catalogue import CatalogueError, meters


@register()
def check_catalogue(**_: Any) -> list[CheckMessage]:
    """The product's meters are well defined, over events that exist."""
    try:
        meters()
    except (CatalogueError, ImportError, AttributeError) as error:
        return [Error(f"PRODUCT_APP.catalogue.METERS: {error}", id="metering.E001")]
    return []
