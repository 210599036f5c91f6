"""The reference: what django-tenants does with the same schema, on the same database.

`auto_create_schema` means: saving a tenant creates a schema and runs `migrate_schemas` in it, which
replays every shared migration as a no-op. With `shared_seeded` these are entered as done before, as
somebody would do who has found that out; what remains are the migrations of the workspace itself.
"""

from __future__ import annotations

import statistics
import time

from django.core.management import call_command
from django.db import connection


def create(schema: str, *, shared_seeded: bool) -> float:
    """Make a furnished schema as stock django-tenants does; returns the seconds that it took.

    The rows of the shared migrations, where they are seeded, are not part of the time.
    """
    tenant = _tenant(schema)
    began = time.perf_counter()
    if shared_seeded:
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE SCHEMA "{schema}"')
        spent = time.perf_counter() - began
        _enter_shared_migrations(schema)
        began = time.perf_counter() - spent
        call_command(
            "migrate_schemas", tenant=True, schema_name=schema, interactive=False, verbosity=0
        )
    else:
        tenant.create_schema(check_if_exists=True, verbosity=0)
    _furnish(schema)
    return time.perf_counter() - began


def typical(*, runs: int) -> float:
    """The median time to make a schema, shared migrations skipped; they are removed again."""
    from tenants.pool import schemas

    names = [schemas.new_name() for _ in range(runs)]
    taken = statistics.median(create(name, shared_seeded=True) for name in names)
    for name in names:
        drop(name)
    return taken


def migrate(schemas: list[str], *, executor: str = "standard") -> float:
    """What `migrate_schemas` does in each of these schemas, one after the other; the seconds."""
    from django_tenants.migration_executors import get_executor

    options = {
        "app_label": None, "migration_name": None, "database": "default", "interactive": False,
        "verbosity": 0, "fake": False, "fake_initial": False, "plan": False, "prune": False,
        "run_syncdb": False, "check_unapplied": False, "traceback": False, "skip_checks": True,
        "no_color": True, "force_color": False, "load_initial_data": False, "executor": executor,
        "parallel": None,
    }  # fmt: skip
    began = time.perf_counter()
    get_executor(codename=executor)((), options).run_migrations(tenants=schemas)
    return time.perf_counter() - began


def drop(schema: str) -> None:
    """Remove the schema and all that is in it."""
    with connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')


def _tenant(schema: str):  # type: ignore[no-untyped-def]
    """A tenant that is not saved: its row is no part of what takes time."""
    from tenants.models import Tenant

    return Tenant(name=schema, slug=schema.replace("_", "-"), schema_name=schema)


def _enter_shared_migrations(schema: str) -> None:
    from tenants.pool import schemas

    schemas.enter_shared_migrations(schema)


def _furnish(schema: str) -> None:
    from django_tenants.utils import schema_context

    from tenants.pool import templates

    with schema_context(schema):
        templates.listed()[0].furnish()
