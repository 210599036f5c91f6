"""Tables that are a function of the raw events, kept up to date in the same transaction.

A projection is told of each batch right after its raw rows were written and before the commit, so
either both are stored or none. It brings its tables as numbered SQL files.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from psycopg import Connection

_registered: dict[str, Projection] = {}


class Projection(Protocol):
    """What an app registers.

    `sql` is a folder of numbered files (0001_name.sql), applied once each, in order.
    """

    name: str
    sql: Path

    def apply(self, connection: Connection[Any], *, rows: str) -> None:
        """Add the newly stored events: `rows` names a table with the columns of `event`."""
        ...


def register(projection: Projection) -> None:
    """Keep this projection up to date from now on."""
    _registered[projection.name] = projection


def registered() -> Iterable[Projection]:
    """All projections, by name: one order for everybody, so that consumers cannot deadlock."""
    return [_registered[name] for name in sorted(_registered)]
