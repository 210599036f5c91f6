"""The rollups of the store in use, and the projection that the event log keeps up to date.

`RollupProjection` is registered with the event log. Everything else asks `rollups()`.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

from events import Event
from events.store import get_store
from metering.rollups import partials, renaming
from metering.rollups.protocol import Rollups

_FOLDERS = {"postgres": "sql", "clickhouse": "sql_clickhouse"}
_DIALECTS = {
    "postgres": ("metering.rollups.postgres", "PostgresRollups"),
    "clickhouse": ("metering.rollups.clickhouse", "ClickHouseRollups"),
}


def rollups() -> Rollups:
    """Those of the store in use."""
    module, name = _DIALECTS[get_store().kind]  # the other one's driver need not be there
    dialect: Rollups = getattr(import_module(module), name)()
    return dialect


class RollupProjection:
    """Registered with the event store: adds each newly stored batch to all rollups."""

    name = "metering"

    def sql(self, kind: str) -> Path:
        """The tables of this kind of store."""
        return Path(__file__).parent.parent / _FOLDERS[kind]

    def prepare(self, events: Sequence[Event]) -> Callable[[Any], None]:
        """Sum the batch up in memory; then it is added to each table."""
        with _no_garbage_collection():
            summed = partials.aggregate(events)
            summed.make_rows()
        return partial(self._add, summed)

    def _add(self, summed: partials.Partials, session: Any) -> None:
        with _no_garbage_collection():
            rollups().merge(session, summed)

    def erase(self, tenant: str) -> int:
        """Remove all buckets of a workspace."""
        return rollups().erase(tenant)

    def rename(self, persons: Mapping[UUID, UUID], browsers: Mapping[str, str]) -> int:
        """Persons and browsers that are counted as different ones, or by which it is broken down."""
        found = renaming.renamed(persons, browsers)
        return rollups().rename(found) if found else 0


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Many small objects and no cycles: looking for some takes half of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
