"""Positions in a database that Django knows: the primary one, unless told otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString

import django.db
from django.db import connections, transaction

from events.postgres import is_away
from events.readers import rows
from events.readers.place import State
from events.readers.rows import SqlHold


@dataclass(frozen=True)
class DjangoPlace:
    """The handler writes with the ORM, by this alias; its session is Django's connection."""

    alias: str = "default"

    @contextmanager
    def held(
        self, reader: str, *, first: Callable[[], str], wait: bool = False
    ) -> Iterator[SqlHold | None]:
        """See Place."""
        with transaction.atomic(using=self.alias):
            yield SqlHold.of(self._execute, connections[self.alias], reader, first=first, wait=wait)

    def look(self, reader: str) -> tuple[State | None, int]:
        """See Place."""
        return rows.look(self._execute, reader)

    def is_away(self, error: Exception) -> bool:
        """See Place. A deadlock passes, too."""
        passes = isinstance(error, django.db.OperationalError | django.db.InterfaceError)
        return passes or is_away(error)

    def close(self) -> None:
        """See Place."""
        if not connections[self.alias].in_atomic_block:
            connections[self.alias].close()

    def _execute(self, query: LiteralString, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        with connections[self.alias].cursor() as cursor:
            cursor.execute(query, parameters)
            return cursor.fetchall() if cursor.description else []
