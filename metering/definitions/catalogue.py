"""The meters that there are. The product has its own in `PRODUCT_APP.catalogue.METERS`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module

from django.conf import settings

from metering.definitions.meter import CatalogueError, Meter
from metering.definitions.sense import check


@cache
def meters() -> Mapping[str, Meter]:
    """The product's meters by key, in its order. Raises CatalogueError."""
    listed: Iterable[Meter] = import_module(f"{settings.PRODUCT_APP}.catalogue").METERS
    found: dict[str, Meter] = {}
    for meter in listed:
        if meter.key in found:
            raise CatalogueError(f'Two meters have the key "{meter.key}".')
        check(meter)
        found[meter.key] = meter
    for meter in found.values():
        if meter.beside is not None and meter.beside not in found:
            raise CatalogueError(f'{meter.key}: there is no meter "{meter.beside}" to be beside.')
    return found


def shown() -> Mapping[str, Meter]:
    """The meters that are told of on their own."""
    return {key: meter for key, meter in meters().items() if meter.beside is None}


def beside(key: str) -> Meter | None:
    """The meter that is told of beside this one."""
    return next((meter for meter in meters().values() if meter.beside == key), None)


def get(key: str) -> Meter:
    """The meter of this key. Raises KeyError with the known ones."""
    try:
        return meters()[key]
    except KeyError:
        raise KeyError(f'No meter "{key}"; the catalogue has {", ".join(meters())}.') from None
