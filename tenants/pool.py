"""Ready schemas that wait for sign-ups.

A schema is made by replaying the DDL of a migrated template in one script (some 60 ms; running the
migrations takes seconds). It carries the fingerprint of the migrations it was made from and is
handed out only while that is the current one.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from django.apps import apps
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.migrations.recorder import MigrationRecorder
from django_tenants.utils import schema_context

from tenants import fingerprints, schema
from tenants.models import PoolSchema, SchemaTemplate
from tenants.pg_dump import dump_schema

TEMPLATE_SCHEMA = "workspace_template"
STANDARD = "standard"
_LOCK = 7_204_001


class NoTemplate(Exception):
    """The tenant migrations changed and `manage.py prepare` has not run yet."""


def claim() -> str:
    """Take a ready schema for good and return its name; make one on the spot when none waits.

    Call it inside the transaction that makes the tenant: a rollback puts the schema back. Raises
    NoTemplate where making one would mean to run migrations.
    """
    row = (
        PoolSchema.objects.select_for_update(skip_locked=True)
        .filter(fingerprint=fingerprints.of_template(STANDARD))
        .order_by("created_at")
        .first()
    )
    if row is None:
        return make_schema()
    name = row.schema_name
    row.delete()
    return name


def level() -> int:
    """How many schemas are ready."""
    return PoolSchema.objects.filter(fingerprint=fingerprints.of_template(STANDARD)).count()


def refill(*, size: int | None = None) -> int:
    """Fill the pool up to `size` (settings.POOL_SIZE) and drop stale schemas. Returns how many were made."""
    _drop_stale()
    if _template_script(fingerprints.of_migrations()) is None:
        build_template()
    made = 0
    while level() < (settings.POOL_SIZE if size is None else size):
        with transaction.atomic():
            PoolSchema.objects.create(
                schema_name=make_schema(), fingerprint=fingerprints.of_template(STANDARD)
            )
        made += 1
    return made


def make_schema() -> str:
    """Create and seed one schema in the current transaction; returns its name. Raises NoTemplate."""
    template = _template_script(fingerprints.of_migrations())
    if template is None:
        raise NoTemplate("Run `manage.py prepare` to build the template of new workspaces.")
    name = f"w_{secrets.token_hex(8)}"
    script = template.replace(f"{TEMPLATE_SCHEMA}.", f"{name}.")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE SCHEMA "{name}"')
            cursor.execute(script)
        with schema_context(name):
            import_module(f"{settings.PRODUCT_APP}.seed").seed_workspace()
    return name


def _template_script(wanted: str) -> str | None:
    return SchemaTemplate.objects.filter(pk=wanted).values_list("script", flat=True).first()


def build_template() -> str:
    """Migrate a template schema, dump its DDL and keep it. Takes seconds; never inside a request:
    `manage.py prepare` does it whenever the tenant migrations changed."""
    from django.core.management import call_command

    with _one_builder():
        if (script := _template_script(fingerprints.of_migrations())) is not None:
            return script  # another process was faster
        with connection.cursor() as cursor:
            cursor.execute(f'DROP SCHEMA IF EXISTS "{TEMPLATE_SCHEMA}" CASCADE')
            cursor.execute(f'CREATE SCHEMA "{TEMPLATE_SCHEMA}"')
        mark_shared_migrations(TEMPLATE_SCHEMA)
        call_command("migrate_schemas", schema_name=TEMPLATE_SCHEMA, interactive=False, verbosity=0)
        script = dump_schema(TEMPLATE_SCHEMA)
        SchemaTemplate.objects.create(fingerprint=fingerprints.of_migrations(), script=script)
        return script


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


def mark_shared_migrations(schema_name: str) -> None:
    """Enter the shared migrations as done: django-tenants would replay each as a no-op (80 s)."""
    tenant_labels = [c.label for c in apps.get_app_configs() if c.name in settings.TENANT_APPS]
    with schema_context("public"):
        done = MigrationRecorder.Migration.objects.exclude(app__in=tenant_labels)
        rows = list(done.values_list("app", "name", "applied"))
    schema.enter_bare(schema_name)
    try:
        recorder = MigrationRecorder(connection)
        recorder.ensure_schema()
        recorder.migration_qs.bulk_create(
            recorder.Migration(app=app, name=name, applied=applied) for app, name, applied in rows
        )
    finally:
        schema.leave()


def _drop_stale() -> None:
    """Schemas of an earlier fingerprint are never handed out; remove them one by one."""
    while True:
        with transaction.atomic():
            row = (
                PoolSchema.objects.select_for_update(skip_locked=True)
                .exclude(fingerprint=fingerprints.of_template(STANDARD))
                .first()
            )
            if row is None:
                return
            with connection.cursor() as cursor:
                cursor.execute(f'DROP SCHEMA IF EXISTS "{row.schema_name}" CASCADE')
            row.delete()
