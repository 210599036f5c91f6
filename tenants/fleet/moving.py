"""One workspace to its new version, in one transaction: DDL, its rows in django_migrations and the
fingerprint together. A kill at any point leaves it on the old version or on the new one."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from typing import Any, cast
from weakref import WeakKeyDictionary

from django.db import connection, transaction
from django.db.migrations.state import ProjectState

from events.steps import step
from tenants import schema
from tenants.fleet import versions
from tenants.fleet.impatience import giving_way
from tenants.fleet.route import Route, Stop
from tenants.models import MigrationFailure, Status, Tenant
from tenants.pool import fingerprints

_LOCK_SPACE = 7_204_002  # first key of the advisory locks
# A data migration may leave checks for the end of its transaction; ALTER TABLE cannot wait for them.
_CHECK_NOW = "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED"

_FINISH = """
    WITH settled AS (DELETE FROM public.tenants_migrationfailure WHERE tenant_id = %s)
    UPDATE public.tenants_tenant SET fingerprint = %s WHERE id = %s AND status <> %s
"""

_rendered = threading.local()


class Busy(Exception):
    """Another run is at this workspace right now."""


class HasMoved(Exception):
    """The schema is not at the version that the route starts from."""


def move(tenant: Tenant, *, route: Route, lock_timeout: float) -> bool:
    """Migrate it; False when another run has done so meanwhile.

    `lock_timeout` is in seconds: so long, at most, do its users wait behind us for a table. A server
    that dies may take the last half a second of moves back, each as a whole: see `make_durable`. Raises
    Busy, HasMoved and whatever the migration raises (django.db.Error, mostly); then nothing has
    changed.
    """
    schema.enter(tenant)
    try:
        with transaction.atomic():
            if not _take(tenant, route, lock_timeout):
                return False
            with giving_way(lock_timeout):
                _migrate(route)
            _finish(tenant)
            step("migrate.before-commit")
    finally:
        schema.leave()
    step("migrate.committed")
    return True


def mark_current(tenants: Sequence[Tenant]) -> int:
    """They have every migration and only another fingerprint: one statement for all."""
    with transaction.atomic():
        MigrationFailure.objects.filter(tenant__in=tenants).delete()
        return Tenant.objects.filter(pk__in=[tenant.pk for tenant in tenants]).update(
            fingerprint=fingerprints.of_migrations()
        )


def _take(tenant: Tenant, route: Route, lock_timeout: float) -> bool:
    """Lock the workspace against other runs, and see that it is where we think it is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(%s, %s), set_config('lock_timeout', %s, true),"
            " set_config('synchronous_commit', 'off', true)",
            [_LOCK_SPACE, _number(tenant.schema_name), f"{int(lock_timeout * 1000)}ms"],
        )
        if not cursor.fetchone()[0]:
            raise Busy("Another run of migrate_tenants is at it.")
    now = versions.of_schema(tenant.schema_name)
    if now == route.version:
        return True
    if all(row in now for stop in route.stops for row in stop.rows):
        return False
    raise HasMoved("Its schema has changed since this run began; run migrate_tenants again.")


def _migrate(route: Route) -> None:
    """Replay what was recorded; what was not, runs through Django, and is recorded if it can be."""
    for stop in route.stops:
        script = route.scripts.get(stop.name)
        try:
            if script is None:
                script = f"{_run(stop)};\n{_record(stop)}"
                if stop.replayable:
                    route.scripts[stop.name] = script
                step("migrate.recorded")
            else:
                with connection.cursor() as cursor:
                    cursor.execute(script)
                step("migrate.replayed")
        except Exception as error:
            error.add_note(stop.name)  # `words_of` says it
            raise


def _run(stop: Stop) -> str:
    """Run it as Django does; returns the SQL of its schema editor."""
    with _recording_editor(atomic=bool(stop.migration.atomic)) as editor:
        stop.migration.apply(_state_before(stop), editor)
    with connection.cursor() as cursor:
        cursor.execute(_CHECK_NOW)
    return ";\n".join([*(sql.rstrip().rstrip(";") for sql in editor.executed), _CHECK_NOW])


def _state_before(stop: Stop) -> ProjectState:
    """A copy to be changed by the migration. Its models are made once a thread: that is the slow
    part, and they are not made to be shared between threads."""
    states = _rendered.__dict__.setdefault("states", WeakKeyDictionary())
    if stop not in states:
        states[stop] = stop.state.clone()
        states[stop].apps  # noqa: B018 - a cached property: now they are made
    return cast(ProjectState, states[stop].clone())


def _recording_editor(*, atomic: bool) -> Any:
    """The connection's schema editor, which remembers in `executed` what it sent."""
    kind: Any = connection.SchemaEditorClass

    class Recording(kind):
        def execute(self, sql: object, params: Sequence[object] | None = ()) -> None:
            text = (
                str(sql)
                if params is None
                else cast(Any, connection.ops).compose_sql(str(sql), params)
            )
            self.executed.append(text)
            super().execute(text, None)

    editor = Recording(connection, atomic=atomic)
    editor.executed = []
    return editor


def _record(stop: Stop) -> str:
    """Enter its rows in django_migrations; returns the SQL that does so."""
    rows = ", ".join(["(%s, %s, now())"] * len(stop.rows))
    sql = cast(Any, connection.ops).compose_sql(
        f"INSERT INTO django_migrations (app, name, applied) VALUES {rows}",  # noqa: S608
        [value for row in stop.rows for value in row],
    )
    with connection.cursor() as cursor:
        cursor.execute(sql)
    return str(sql)


def _finish(tenant: Tenant) -> None:
    """Its fingerprint, unless somebody began to remove it; and the failure before is history."""
    with connection.cursor() as cursor:
        cursor.execute(
            _FINISH, [tenant.pk, fingerprints.of_migrations(), tenant.pk, Status.PURGING]
        )
        if not cursor.rowcount:
            raise HasMoved("It is being removed.")


def make_durable() -> None:
    """Wait until all that was committed is on disk: `move` does not wait for each."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()")  # a commit that is waited for


def _number(name: str) -> int:
    """The second key of its advisory lock: 31 bits of the name."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) & 0x7FFFFFFF


def words_of(error: BaseException) -> str:
    """One line for a person: the migration, the kind of error, its own first line."""
    where = "".join(f"{note}: " for note in getattr(error, "__notes__", ()))
    line = str(error).strip().split("\n")[0]
    return f"{where}{type(error).__name__}{f': {line}' if line else ''}"
