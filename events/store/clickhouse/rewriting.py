"""Makes people pseudonymous in a ClickHouse store. See ../rewriting.py; nobody writes meanwhile.

Rows are changed by mutations that are waited for, on all replicas: each part of a table is then the old or
the new one, so an event is there once at every moment. A mutation says in its own text what each event
shall say: replicas repeat it to the letter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol
from uuid import UUID, uuid4

from clickhouse_connect.driver.client import Client

from events.steps import step
from events.store.clickhouse import presence
from events.store.clickhouse.literals import quote
from events.store.pseudonyms import Pseudonyms, Rewrite, Rewritten, hashed
from events.store.rewriting import rename

_TABLES = ("event", "event_leaving")
_LONGEST = 60_000  # characters of new texts in one statement; the server reads 262,144 of it
_MOST = 500  # events of one statement
_NEEDLES = 200  # the server takes 255 of them in one look
_AFFECTED = "SELECT DISTINCT toDate(time) AS day FROM {table} WHERE {where} ORDER BY day"
_CANDIDATES = """
    SELECT id, name, person, anonymous_id, properties, context FROM {table}
    WHERE toDate(time) = '{day}' AND ({where})
"""
_CHANGE = """
    ALTER TABLE {table} {{on_cluster}} UPDATE
        person = {person}, anonymous_id = {anonymous_id},
        properties = {properties}, context = {context}
    IN PARTITION '{day}' WHERE id IN ({ids}) SETTINGS mutations_sync = 2
"""
_Change = tuple[UUID, Rewritten]


class Writes(Protocol):
    """A store, as far as it is needed here."""

    def connection(self) -> AbstractContextManager[Client]: ...

    def command(self, statement: str) -> None: ...


@dataclass(frozen=True)
class ClickHouseRewriting:
    """In the order of its methods."""

    store: Writes

    def begin(
        self,
        persons: Collection[UUID],
        browsers: Collection[str],
        words: Collection[str],
        rewrite: Rewrite,
    ) -> Pseudonyms:
        """The new ids: those of an interrupted call, or fresh ones."""
        olds: list[UUID | str] = [*persons, *browsers]
        of = {old: hashed(old).hex() for old in olds}
        known = self._kept(list(of.values()))
        fresh = [[bytes.fromhex(each), uuid4()] for each in of.values() if each not in known]
        if fresh:
            with self.store.connection() as client:
                settings = {"insert_deduplication_token": uuid4().hex}
                names = ["of", "id"]
                client.insert("event_pseudonym", fresh, column_names=names, settings=settings)
            known = self._kept(list(of.values()))
        step("pseudonymise.begun")
        return Pseudonyms(
            {old: known[of[old]] for old in persons},
            {old: str(known[of[old]]) for old in browsers},
            tuple(words),
            rewrite,
        )

    def raw(self, told: Pseudonyms) -> int:
        """All rows of the log; how many were changed."""
        where, changed = _where(told), 0
        for table in _TABLES:
            for day in self._days(table, where):
                rows = self._rows(_CANDIDATES.format(table=table, day=day, where=where))
                for some in _some(told, rows):
                    self.store.command(_statement(table, day, some, told))
                    changed += len(some)
                    step("pseudonymise.day-written")
                step("pseudonymise.day")
        return changed

    def end(self, told: Pseudonyms) -> int:
        """Projections, and whom there is something of; how many rows of projections."""
        projected = rename(told)
        step("pseudonymise.projected")
        presence.move(self.store, told.ids)
        step("pseudonymise.ending")
        if told.ids:
            olds = ", ".join(f"unhex('{hashed(old).hex()}')" for old in told.ids)
            self.store.command(
                f"ALTER TABLE event_pseudonym {{on_cluster}} DELETE WHERE of IN ({olds})"
                " SETTINGS mutations_sync = 2"
            )
        return projected

    def _kept(self, olds: Sequence[str]) -> dict[str, UUID]:
        if not olds:
            return {}
        among = ", ".join(f"unhex('{each}')" for each in olds)
        query = "SELECT lower(hex(of)), id FROM event_pseudonym FINAL WHERE of IN ({})"
        return dict(self._rows(query.format(among)))

    def _days(self, table: str, where: str) -> list[date]:
        return [day for (day,) in self._rows(_AFFECTED.format(table=table, where=where))]

    def _rows(self, query: str) -> list[Any]:
        with self.store.connection() as client:
            settings = {"max_query_size": len(query.encode()) + 10_000}
            return list(client.query(query, settings=settings).result_rows)


def _where(told: Pseudonyms) -> str:
    parts = ["0"]
    if told.persons:
        ids = ", ".join(f"toUUID({quote(str(each))})" for each in told.persons)
        parts.append(f"person IN ({ids})")
    if told.browsers:
        parts.append(f"anonymous_id IN ({', '.join(map(quote, told.browsers))})")
    for first in range(0, len(told.needles), _NEEDLES):
        needles = ", ".join(map(quote, told.needles[first : first + _NEEDLES]))
        parts.append(f"multiSearchAny(concat(properties, ' ', context), [{needles}])")
    return " OR ".join(f"ifNull({part}, 0)" for part in parts)


def _some(told: Pseudonyms, rows: Sequence[Any]) -> Iterator[list[_Change]]:
    """What changes, as many at once as a statement takes."""
    some: list[_Change] = []
    length = 0
    for key, *row in rows:
        new = told.of(*row)
        if new is None:
            continue
        size = len(new.properties) + len(new.context)
        if some and (length + size > _LONGEST or len(some) == _MOST):
            yield some
            some, length = [], 0
        some.append((key, new))
        length += size
    if some:
        yield some


def _statement(table: str, day: date, some: Sequence[_Change], told: Pseudonyms) -> str:
    keys = [quote(str(key)) for key, _ in some]
    persons = {str(old): str(new) for old, new in told.persons.items()}
    said = {
        "person": f"toUUIDOrNull({_mapped('toString(person)', persons)})" if persons else "person",
        "anonymous_id": _mapped("anonymous_id", told.browsers),
        "properties": _put("properties", keys, [new.properties for _, new in some]),
        "context": _put("context", keys, [new.context for _, new in some]),
        "ids": ", ".join(f"toUUID({key})" for key in keys),
    }
    doubled = {name: text.replace("{", "{{").replace("}", "}}") for name, text in said.items()}
    return _CHANGE.format(table=table, day=day, **doubled)


def _mapped(column: str, ids: Any) -> str:
    """The column with other ids in the place of these; NULL stays."""
    if not ids:
        return column
    cases = ", ".join(f"{column} = {quote(old)}, {quote(new)}" for old, new in ids.items())
    return f"multiIf({column} IS NULL, NULL, {cases}, {column})"


def _put(column: str, keys: Sequence[str], texts: Sequence[str]) -> str:
    return (
        f"transform(toString(id), [{', '.join(keys)}], [{', '.join(map(quote, texts))}], {column})"
    )
