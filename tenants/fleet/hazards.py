"""What in a migration breaks processes that still run the older code.

During a deployment both versions run. A release that only adds can be undone and needs no pause:
expand first, contract in a later release, when no process of the old code is left (docs/migrations.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.operations import (
    AddConstraint,
    AddField,
    AlterField,
    AlterModelTable,
    AlterUniqueTogether,
    CreateModel,
    DeleteModel,
    RemoveField,
    RenameField,
    RenameModel,
    RunSQL,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.special import SeparateDatabaseAndState
from django.db.migrations.state import ProjectState
from django.db.models import NOT_PROVIDED, CharField, Field

GONE = "older code still asks for it"
_REMOVES = (RemoveField, DeleteModel, RenameField, RenameModel, AlterModelTable)
_CONTRACTS = re.compile(
    r"\bDROP\s+(TABLE|COLUMN|VIEW|SCHEMA)\b|\bRENAME\s+(TO|COLUMN|CONSTRAINT)\b|\bSET\s+NOT\s+NULL\b"
    r"|\bALTER\s+(COLUMN\s+)?\S+\s+(SET\s+DATA\s+)?TYPE\b|\bADD\s+(CONSTRAINT\s+\S+\s+)?(UNIQUE|CHECK)\b"
    r"|\bADD\s+COLUMN\b(?![^,;]*\bDEFAULT\b)[^,;]*\bNOT\s+NULL\b",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


def of(migration: Migration, *, before: ProjectState | None = None) -> list[str]:
    """One sentence for each. With the state of all models `before` it, a field that is altered is
    compared with what it was; without, it counts where it may not be empty."""
    state = before.clone() if before else None
    made: set[str] = set()  # tables of this very migration: no older code knows them
    found: list[str] = []
    for operation in migration.operations:
        for each in _in_the_database(operation):
            if isinstance(each, CreateModel):
                made.add(each.name_lower)
            elif _model(each) not in made:
                found += _of_operation(each, migration.app_label, state)
        if state:
            operation.state_forwards(migration.app_label, state)
    return found


def of_sql(script: str) -> list[str]:
    """The same of a script in SQL: what stands in it that takes away or narrows."""
    bare = _COMMENT.sub(" ", script)
    said = dict.fromkeys(" ".join(match[0].split()) for match in _CONTRACTS.finditer(bare))
    return [f"{words}: older code may count on what was" for words in said]


def _in_the_database(operation: Operation) -> Iterator[Operation]:
    if isinstance(operation, SeparateDatabaseAndState):
        for each in operation.database_operations:
            yield from _in_the_database(each)
    else:
        yield operation


def _model(operation: Operation) -> str:
    name = getattr(operation, "model_name", None) or getattr(operation, "name", "")
    return str(name).lower()


def _of_operation(operation: Operation, app: str, state: ProjectState | None) -> Sequence[str]:
    if isinstance(operation, RunSQL):
        parts = [operation.sql] if isinstance(operation.sql, str) else operation.sql
        return [
            words for part in parts for words in of_sql(part if isinstance(part, str) else part[0])
        ]
    return [f"{operation.describe()}: {why}"] if (why := _why(operation, app, state)) else []


def _why(operation: Operation, app: str, state: ProjectState | None) -> str:
    if isinstance(operation, _REMOVES):
        return GONE
    if isinstance(operation, AddField) and _must_be_given(operation.field):
        return "older code leaves it out; give it a db_default"
    if isinstance(operation, AlterField) and _is_narrower(operation, app, state):
        return "older code may write what does not fit any more"
    if isinstance(operation, AddConstraint) or (
        isinstance(operation, AlterUniqueTogether) and operation.option_value
    ):
        return "older code may write what it refuses"
    return ""


def _must_be_given(field: Field) -> bool:
    """Django takes its own default out of the table again; only db_default stays."""
    return not (field.null or field.many_to_many or field.db_default is not NOT_PROVIDED)


def _is_narrower(operation: AlterField, app: str, state: ProjectState | None) -> bool:
    new = operation.field
    if state is None:
        return not new.null
    model = state.models[app, operation.model_name_lower]
    old = model.get_field(operation.name)
    loses_default = _must_be_given(new) and not _must_be_given(old)
    is_stricter = (old.null and not new.null) or (new.unique and not old.unique)
    return bool(loses_default or is_stricter or _other_column(old, new))


def _other_column(old: Field, new: Field) -> bool:
    """Another name or type; a longer text is none."""
    if old.db_column != new.db_column:
        return True
    if isinstance(old, CharField) and isinstance(new, CharField):
        return new.max_length is not None and new.max_length < (
            old.max_length or new.max_length + 1
        )
    if old.is_relation or new.is_relation:
        return type(old) is not type(new)
    return bool(old.db_type(connection) != new.db_type(connection))
