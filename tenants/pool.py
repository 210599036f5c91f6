"""Ready schemas that wait for sign-ups.

A schema is made by replaying the DDL of a migrated template in one script (some 60 ms; running the
migrations takes seconds). It carries the fingerprint of the migrations it was made from and is
handed out only while that is the current one.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.migrations.recorder import MigrationRecorder
from django_tenants.utils import schema_context

from tenants import schema
from tenants.models import PoolSchema, SchemaTemplate
from tenants.pg_dump import dump_schema

TEMPLATE_SCHEMA = "workspace_template"
_LOCK = 7_204_001


@cache
def fingerprint() -> str:
    """SHA-256 over the tenant apps' migration files and the seed: what a new schema is made of."""
    digest = hashlib.sha256()
    for app in sorted(settings.TENANT_APPS):
        config = next(c for c in apps.get_app_configs() if c.name == app)
        folder = Path(config.path)
        for path in sorted([*folder.glob("migrations/*.py"), folder / "seed.py"]):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


class NoTemplate(Exception):
    """The tenant migrations changed and `manage.py prepare` has not run yet."""


def claim() -> str:
    """Take a ready schema for good and return its name; make one on the spot when none waits.

    Call it inside the transaction that makes the tenant: a rollback puts the schema back. Raises
    NoTemplate where making one would mean to run migrations.
    """
    row = (
        PoolSchema.objects.select_for_update(skip_locked=True)
        .filter(fingerprint=fingerprint())
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
    return PoolSchema.objects.filter(fingerprint=fingerprint()).count()


def refill(*, size: int | None = None) -> int:
    """Fill the pool up to `size` (settings.POOL_SIZE) and drop stale schemas. Returns how many were made."""
    _drop_stale()
    if _template_script(fingerprint()) is None:
        build_template()
    made = 0
    while level() < (settings.POOL_SIZE if size is None else size):
        with transaction.atomic():
            PoolSchema.objects.create(schema_name=make_schema(), fingerprint=fingerprint())
        made += 1
    return made


def make_schema() -> str:
    """Create and seed one schema in the current transaction; returns its name. Raises NoTemplate."""
    template = _template_script(fingerprint())
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
        if (script := _template_script(fingerprint())) is not None:
            return script  # another process was faster
        with connection.cursor() as cursor:
            cursor.execute(f'DROP SCHEMA IF EXISTS "{TEMPLATE_SCHEMA}" CASCADE')
            cursor.execute(f'CREATE SCHEMA "{TEMPLATE_SCHEMA}"')
        _mark_shared_migrations()
        call_command("migrate_schemas", schema_name=TEMPLATE_SCHEMA, interactive=False, verbosity=0)
        script = dump_schema(TEMPLATE_SCHEMA)
        SchemaTemplate.objects.create(fingerprint=fingerprint(), script=script)
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


def _mark_shared_migrations() -> None:
    """Enter the shared migrations as done: django-tenants would replay each as a no-op (80 s)."""
    tenant_labels = [c.label for c in apps.get_app_configs() if c.name in settings.TENANT_APPS]
    with schema_context("public"):
        done = MigrationRecorder.Migration.objects.exclude(app__in=tenant_labels)
        rows = list(done.values_list("app", "name", "applied"))
    schema.enter_bare(TEMPLATE_SCHEMA)
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
                .exclude(fingerprint=fingerprint())
                .first()
            )
            if row is None:
                return
            with connection.cursor() as cursor:
                cursor.execute(f'DROP SCHEMA IF EXISTS "{row.schema_name}" CASCADE')
            row.delete()
