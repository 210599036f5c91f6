"""Removes the events of a workspace, or of people, from a ClickHouse store: raw, summed up, archived.

By mutations that are waited for, on all replicas: a lightweight DELETE would only hide the rows.
Nobody writes meanwhile. Who is interrupted calls again.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from clickhouse_connect.driver.client import Client

from events.store import archive, projections, pseudonyms
from events.store.clickhouse.literals import quote
from events.store.clickhouse.rewriting import ClickHouseRewriting
from events.store.erasing import Erased, Keep, archived_files, of_people, of_workspace
from events.store.pseudonyms import Rewrite
from events.store.rewriting import in_files
from events.store.shelf import Shelf

_RAW = ("event", "event_leaving")


class Writes(Protocol):
    """A store, as far as it is needed here."""

    def connection(self) -> AbstractContextManager[Client]: ...

    def alone(self) -> AbstractContextManager[Any]: ...

    def command(self, statement: str) -> None: ...

    @property
    def retention(self) -> Any: ...


@dataclass(frozen=True)
class ClickHouseErasing:
    """See Erasing."""

    store: Writes
    shelf: Shelf

    def workspace(self, tenant: str) -> Erased:
        with self.store.alone():
            where = f"tenant = {quote(tenant)}"
            events = sum(erase(self.store, table, where) for table in _RAW)
            projected = sum(each.erase(tenant) for each in projections.registered())
            return Erased(events, projected, self._rewrite(of_workspace(tenant)))

    def people(self, persons: Collection[UUID], browsers: Collection[str]) -> Erased:
        if not persons and not browsers:
            return Erased()
        ids = ", ".join(f"toUUID({quote(str(each))})" for each in persons)
        anonymous = ", ".join(quote(each) for each in browsers)
        said = [f"person IN ({ids})"] * bool(ids) + [f"anonymous_id IN ({anonymous})"] * bool(
            anonymous
        )
        with self.store.alone():
            where = f"tenant = '' AND ({' OR '.join(said)})"
            events = sum(erase(self.store, table, where) for table in _RAW)
            return Erased(events, archived=self._rewrite(of_people(persons, browsers)))

    def pseudonymise(
        self,
        persons: Collection[UUID],
        browsers: Collection[str],
        words: Collection[str],
        *,
        rewrite: Rewrite,
    ) -> Erased:
        pseudonyms.check(words)
        if not persons and not browsers and not words:
            return Erased()
        rewriting = ClickHouseRewriting(self.store)
        with self.store.alone():
            told = rewriting.begin(persons, browsers, words, rewrite)
            events = rewriting.raw(told)
            files = archived_files(self.shelf)
            archived = in_files(files, told, self.store.retention.correct)
            return Erased(events, rewriting.end(told), archived)

    def _rewrite(self, is_gone: Keep) -> int:
        gone = 0
        for file in archived_files(self.shelf):
            gone += archive.rewrite(file, without=is_gone)
            self.store.retention.correct(file)
        return gone


def erase(store: Writes, table: str, where: str) -> int:
    """Remove rows of a table for good; returns how many there were."""
    with store.connection() as client:
        found = int(client.command(f"SELECT count() FROM {table} WHERE {where}"))  # type: ignore[arg-type] # noqa: S608
    if found:
        store.command(
            f"ALTER TABLE {table} {{on_cluster}} DELETE WHERE "
            + where.replace("{", "{{").replace("}", "}}")
            + " SETTINGS mutations_sync = 2"
        )
    return found
