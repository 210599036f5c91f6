"""What in a migration breaks processes that still run the older code.

During a deployment both versions run. A release that only adds can be undone and needs no pause:
expand first, contract in a later release, when no process of the old code is left (docs/migrations.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db.migrations import Migration
from django.db.migrations.operations import (
    AddField,
    AlterField,
    DeleteModel,
    RemoveField,
    RenameField,
    RenameModel,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.special import SeparateDatabaseAndState
from django.db.models import NOT_PROVIDED, Field


def of(migration: Migration) -> list[str]:
    """One sentence for each."""
    return [
        words
        for operation in _in_the_database(migration.operations)
        if (words := _of_operation(operation))
    ]


def _in_the_database(operations: Sequence[Operation]) -> Iterator[Operation]:
    for operation in operations:
        if isinstance(operation, SeparateDatabaseAndState):
            yield from _in_the_database(operation.database_operations)
        else:
            yield operation


def _of_operation(operation: Operation) -> str:
    if isinstance(operation, RemoveField | DeleteModel | RenameField | RenameModel):
        return f"{operation.describe()}: older code still asks for it"
    if isinstance(operation, AddField) and _must_be_given(operation.field):
        return f"{operation.describe()}: older code leaves it out; give it a db_default"
    if isinstance(operation, AlterField) and not operation.field.null:
        return f"{operation.describe()}: older code may write what does not fit any more"
    return ""


def _must_be_given(field: Field) -> bool:
    """Django takes its own default out of the table again; only db_default stays."""
    return not (field.null or field.many_to_many or field.db_default is not NOT_PROVIDED)
