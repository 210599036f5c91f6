"""New rows of any tables of the primary database, in one statement.

    new_rows.insert(entry)              # one row, or several

    with new_rows.together():           # within a transaction
        new_rows.insert(entry)          # written at the end of the block, with those that follow
        ...

Django's `save` puts a statement together for each row and waits for its answer: for a request that makes
a dozen rows of a dozen tables, half of what it computes. As with `bulk_create`, fields prepare their
values and a key that the database makes is known afterwards, but no signal is sent and `save` is not
called. Foreign keys among the rows are looked at when the transaction ends, as Django declares them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from django.db import DEFAULT_DB_ALIAS, connection, models
from django.db.models.expressions import DatabaseDefault

Field: TypeAlias = "models.Field[Any, Any]"
_Fields: TypeAlias = "tuple[Field, ...]"
Values: TypeAlias = list[Any]
_kept: ContextVar[list[models.Model] | None] = ContextVar("new_rows", default=None)


def insert(*rows: models.Model) -> None:
    """Write these rows, which are new; inside of `together` at its end. Raises IntegrityError."""
    kept = _kept.get()
    if kept is None:
        insert_now(*rows)
    else:
        kept += rows


def insert_now(*rows: models.Model) -> None:
    """Write them here and now: somebody asks for what the database has made of them, or they are of a
    workspace's own tables, whose schema is entered now."""
    if not rows:
        return
    alike: dict[tuple[type[models.Model], _Fields], list[tuple[models.Model, Values]]] = {}
    for row in rows:
        fields, values = _said(row)
        alike.setdefault((type(row), fields), []).append((row, values))
    parts, given, keys = [], [], []
    for number, ((model, fields), some) in enumerate(alike.items()):
        key = _of(model).key
        parts.append(f"r{number} AS ({_insert(model, fields, rows=len(some))})")
        given += [value for _, values in some for value in values]
        keys.append(f"(SELECT array_agg({key}) FROM r{number})" if key else "NULL")  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {', '.join(parts)} SELECT {', '.join(keys)}", given)
        made = cursor.fetchone()
    for some, of_these in zip(alike.values(), made, strict=True):
        for number, (row, _) in enumerate(some):
            if of_these is not None:
                row.pk = of_these[number]
            _is_written(row)


def _is_written(row: models.Model) -> None:
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    if hasattr(row, "inserted"):  # of who does something in `save`
        row.inserted()


@contextmanager
def together() -> Iterator[None]:
    """Keep what is inserted inside for one statement at the end of the block, which lies within one
    transaction. A block that ends by an error writes nothing; one inside of another joins it."""
    if _kept.get() is not None:
        yield
        return
    rows: list[models.Model] = []
    token = _kept.set(rows)
    try:
        yield
    finally:
        _kept.reset(token)
    insert_now(*rows)


def _said(row: models.Model) -> tuple[_Fields, Values]:
    """What an INSERT of this row says: a column whose value the database has is left out."""
    table = _of(type(row))
    if table.key and row.pk is not None:
        raise ValueError(f"The database makes the key of {type(row).__name__}.")
    said = [(field, field.pre_save(row, True)) for field in table.fields]
    kept = [(field, value) for field, value in said if not isinstance(value, DatabaseDefault)]
    values = [field.get_db_prep_save(value, connection) for field, value in kept]
    if len(kept) == len(said):
        return table.fields, values
    return tuple(field for field, _ in kept), values


@dataclass(frozen=True)
class _Table:
    """What may be said of each row of a model, and the column of a key that the database makes."""

    fields: _Fields
    key: str


@cache
def _of(model: type[models.Model]) -> _Table:
    meta = model._meta
    if meta.parents or any(hasattr(field, "get_placeholder") for field in meta.concrete_fields):
        raise TypeError(f"{model.__name__} is one for `save`.")
    key = meta.pk if isinstance(meta.pk, models.AutoField) else None
    fields = (each for each in meta.concrete_fields if each is not key and not each.generated)
    return _Table(tuple(fields), _quoted(str(key.column)) if key else "")


@cache
def _insert(model: type[models.Model], fields: _Fields, *, rows: int) -> str:
    columns = ", ".join(_quoted(str(field.column)) for field in fields)
    row = f"({', '.join(['%s'] * len(fields))})"
    into = f"INSERT INTO {_quoted(model._meta.db_table)} ({columns})"
    key = _of(model).key
    return f"{into} VALUES {', '.join([row] * rows)}{f' RETURNING {key}' if key else ''}"


def _quoted(name: str) -> str:
    return str(connection.ops.quote_name(name))
