"""Making a workspace's schema: the DDL of a migrated template, replayed in one script.

Replaying takes some 30 ms; running the migrations takes a second. The template is migrated and
dumped once for each state of the migrations.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.migrations.recorder import MigrationRecorder
from django_tenants.utils import schema_context

from events.steps import step
from tenants import schema
from tenants.models import SchemaTemplate
from tenants.pool import citus, fingerprints
from tenants.pool.lean import SINCE, lean
from tenants.pool.pg_dump import dump_schema
from tenants.pool.templates import Template

TEMPLATE_SCHEMA = "workspace_template"
_LOCK = 7_204_001
_MIGRATIONS_ENTERED = f"""
    SELECT format(
        'INSERT INTO %%I.django_migrations (id, app, name, applied)'
        ' SELECT * FROM unnest(%%L::bigint[], %%L::text[], %%L::text[], %%L::timestamptz[]);',
        %s::text, array_agg(id), array_agg(app), array_agg(name), array_agg(applied)
    ) FROM {TEMPLATE_SCHEMA}.django_migrations
"""  # noqa: S608 - a name of our own


class NoTemplate(Exception):
    """The tenant migrations changed and `manage.py prepare` has not run yet."""


def new_name() -> str:
    """A name that no schema has: 64 random bits, no word in it that says whose it is."""
    return f"w_{secrets.token_hex(8)}"


def make(name: str, *, template: Template, replay: str | None = None) -> None:
    """Create and furnish the schema `name` in the current transaction. Raises NoTemplate.

    `replay` is the `script`, for those who make many and have asked for it once.
    """
    found = replay or script()
    if found is None:
        raise NoTemplate("Run `manage.py prepare` to build the template of new workspaces.")
    with transaction.atomic(savepoint=False):  # who goes on after an error makes one
        with connection.cursor() as cursor:
            replayed = found.replace(f"{TEMPLATE_SCHEMA}.", f"{name}.")
            cursor.execute(f'CREATE SCHEMA "{name}";\n{replayed}')
        step("refill.schema-made")
        with schema_context(name):
            template.furnish()
        citus.distribute(name)
    step("refill.furnished")


def drop(name: str) -> None:
    """Remove the schema and all that is in it."""
    with connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA IF EXISTS "{name}" CASCADE')


def script() -> str | None:
    """The DDL of a schema in the current state of the migrations, or None: `build` makes it."""
    wanted = SchemaTemplate.objects.filter(pk=fingerprints.of_migrations())
    return wanted.values_list("script", flat=True).first()


def build() -> str:
    """Migrate a template schema, dump its DDL and keep it. Takes seconds; never inside a request:
    `manage.py prepare` does it whenever the tenant migrations changed."""
    from django.core.management import call_command

    with _one_builder():
        if (found := script()) is not None:
            return found  # another process was faster
        drop(TEMPLATE_SCHEMA)
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE SCHEMA "{TEMPLATE_SCHEMA}"')
        enter_shared_migrations(TEMPLATE_SCHEMA)
        call_command("migrate_schemas", schema_name=TEMPLATE_SCHEMA, interactive=False, verbosity=0)
        step("refill.template-migrated")
        ddl = dump_schema(TEMPLATE_SCHEMA, but_rows_of="django_migrations")
        if connection.pg_version >= SINCE:  # type: ignore[attr-defined]
            ddl = lean(ddl)
        made = f"{ddl}{_migrations_entered()}\n"
        SchemaTemplate.objects.create(fingerprint=fingerprints.of_migrations(), script=made)
        return made


def enter_shared_migrations(name: str) -> None:
    """Enter the shared migrations as done in a schema whose own have not run: django-tenants would
    replay each as a no-op (80 s)."""
    tenant_labels = [c.label for c in apps.get_app_configs() if c.name in settings.TENANT_APPS]
    with schema_context("public"):
        done = MigrationRecorder.Migration.objects.exclude(app__in=tenant_labels)
        rows = list(done.values_list("app", "name", "applied"))
    schema.enter_bare(name)
    try:
        recorder = MigrationRecorder(connection)
        recorder.ensure_schema()
        recorder.migration_qs.bulk_create(
            recorder.Migration(app=app, name=name, applied=applied) for app, name, applied in rows
        )
    finally:
        schema.leave()


def _migrations_entered() -> str:
    """The statement that enters the template's migrations, as arrays: 250 rows of VALUES would be a
    third of what a replay costs."""
    with connection.cursor() as cursor:
        cursor.execute(_MIGRATIONS_ENTERED, [TEMPLATE_SCHEMA])
        return str(cursor.fetchone()[0])


@contextmanager
def _one_builder() -> Iterator[None]:
    """One process builds the template. The lock has a connection of its own, because migrating
    gives Django's back to the pool."""
    own = connections.create_connection(DEFAULT_DB_ALIAS)
    try:
        with own.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
            try:
                yield
            finally:  # the connection goes back to a pool, with what it holds
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
    finally:
        own.close()
