"""Readable names for the values of a meter's dimensions: a link's code for its id.

Who owns a kind of id registers how it is named; the others are shown as a short id.

    names.register("link_id", label="Link", find=lambda tenant, ids: {str(id): code, …})
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from tenants.models import Tenant

Find = Callable[[Tenant, Collection[str]], Mapping[str, str]]


@dataclass(frozen=True)
class Namer:
    """`label` is what the dimension is called; `find` names the values that this tenant may see."""

    label: str
    find: Find


_registered: dict[str, Namer] = {}


def register(dimension: str, *, label: str, find: Find) -> None:
    """From now on, values of this dimension are named so. `find` runs in the tenant's schema."""
    _registered[dimension] = Namer(label, find)


def label(dimension: str) -> str:
    """What people call it: "Link" for link_id."""
    if namer := _registered.get(dimension):
        return namer.label
    return dimension.removesuffix("_id").replace("_", " ").capitalize()


def of(tenant: Tenant, dimension: str, values: Collection[str | None]) -> dict[str | None, str]:
    """A name for each value. One call of the namer for all."""
    asked = {value for value in values if value is not None}
    namer = _registered.get(dimension)
    known = namer.find(tenant, asked) if namer and asked else {}
    return {value: known.get(value or "") or _short(value) for value in values}


def uuids(values: Collection[str]) -> list[UUID]:
    """Those of the values that are UUIDs: a caller may have sent anything."""
    return [UUID(value) for value in values if _is_uuid(value)]


def _short(value: str | None) -> str:
    if value is None or value == "":
        return "none"
    if _is_uuid(value):
        return f"…{value[-6:]}"
    return value if len(value) <= 40 else f"{value[:39]}…"


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
