"""From a version to the version of the code: which migrations, and how each one is run.

Migrations that only change the schema are run by Django once, on the first workspace of a version,
and what it sent to PostgreSQL is replayed for the others. A data migration runs through Django for
each workspace.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import AddField, AlterField, RunPython, RunSQL
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.special import SeparateDatabaseAndState
from django.db.migrations.state import ProjectState

from tenants import schema
from tenants.fleet import versions
from tenants.fleet.versions import Version
from tenants.models import Tenant

# Operations whose database part is what their schema editor executes, and nothing else.
_KNOWN = ("django.db.migrations.operations.", "django.contrib.postgres.operations")

_CONSTANT = (dict, list, str, int, bool)  # callables that give the same each time


class NotAtomic(Exception):
    """A migration that cannot run in a transaction; the message says what to write instead."""


@dataclass(frozen=True, eq=False)
class Stop:
    """One migration on the way. `state` is what the models look like before it."""

    migration: Migration
    state: ProjectState
    replayable: bool

    @property
    def name(self) -> str:
        return f"{self.migration.app_label}.{self.migration.name}"

    @property
    def rows(self) -> list[tuple[str, str]]:
        """What django_migrations gets: a squashed one's parts, as Django records them."""
        return list(self.migration.replaces) or [(self.migration.app_label, self.migration.name)]


@dataclass
class Route:
    """The way of one version. `scripts` holds the SQL of each replayable stop once it was recorded."""

    version: Version
    stops: list[Stop]
    scripts: dict[str, str] = field(default_factory=dict)

    @property
    def is_recorded(self) -> bool:
        return all(stop.name in self.scripts for stop in self.stops if stop.replayable)


def find(version: Version, *, example: Tenant) -> Route:
    """The route of `version`, which `example` has. Raises NotAtomic."""
    schema.enter(example)
    try:
        loader = MigrationLoader(connection)
    finally:
        schema.leave()
    ours = set(versions.labels())
    # Shared migrations ran in the shared schema, whatever this one's table says of them.
    done = {
        key for key in loader.graph.nodes if key[0] not in ours or key in loader.applied_migrations
    }
    targets = [key for key in loader.graph.leaf_nodes() if key[0] in ours]
    missing = [loader.graph.nodes[key] for key in _in_order(loader, targets) if key not in done]
    _refuse_what_is_not_atomic(missing)
    if any(not is_replayable(migration) for migration in missing):
        targets = loader.graph.leaf_nodes()  # Python code may ask for any model
    return Route(version, list(_stops(loader, targets, done)))


def _in_order(loader: MigrationLoader, targets: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """What the targets need, each once, dependencies first."""
    order: dict[tuple[str, str], None] = {}
    for target in targets:
        order.update(dict.fromkeys(loader.graph.forwards_plan(target)))
    return list(order)


def _stops(
    loader: MigrationLoader, targets: Iterable[tuple[str, str]], done: set[tuple[str, str]]
) -> Iterable[Stop]:
    ours = set(versions.labels())
    state = ProjectState(real_apps=loader.unmigrated_apps)
    order = _in_order(loader, targets)
    for key in order:
        if key in done:
            loader.graph.nodes[key].mutate_state(state, preserve=False)
    for key in order:
        if key not in done and key[0] in ours:
            migration = loader.graph.nodes[key]
            yield Stop(migration, state.clone(), is_replayable(migration))
            migration.mutate_state(state, preserve=False)


def _refuse_what_is_not_atomic(migrations: Iterable[Migration]) -> None:
    for migration in migrations:
        if not migration.atomic:
            raise NotAtomic(
                f"{migration.app_label}.{migration.name} has atomic = False, and a workspace is "
                "migrated in one transaction, so that it is on its old version or on its new one. "
                "The tables of one workspace are small: write AddIndex instead of "
                "AddIndexConcurrently, and split what must be committed in parts into several "
                "migrations or a management command."
            )


def is_replayable(migration: Migration) -> bool:
    """Whether all that it does is SQL, the same for every schema of its version."""
    return all(_is_plain_sql(operation) for operation in migration.operations)


def _is_plain_sql(operation: Operation) -> bool:
    if isinstance(operation, SeparateDatabaseAndState):
        return all(_is_plain_sql(inner) for inner in operation.database_operations)
    if isinstance(operation, RunPython) or not operation.reduces_to_sql:
        return False
    if isinstance(operation, RunSQL):
        return True
    if isinstance(operation, AddField | AlterField) and _differs_each_time(operation):
        return False
    return type(operation).__module__.startswith(_KNOWN)


def _differs_each_time(operation: AddField | AlterField) -> bool:
    """A default that is computed, a random key, say, must not be the same for all workspaces."""
    field = operation.field
    return field.has_default() and callable(field.default) and field.default not in _CONSTANT
