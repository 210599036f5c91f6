"""Which migrations a workspace's schema has: its version. Many workspaces share few versions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from tenants.models import Status, Tenant
from tenants.pool import fingerprints

# (app label, name of the migration) of the tenant apps, as django_migrations has them.
Version = frozenset[tuple[str, str]]

_AT_ONCE = 200  # schemas in one question
# Without a schema yet, or about to lose it.
_NOT_MIGRATED = (Status.PREPARING, Status.PURGING)


def fleet() -> QuerySet[Tenant]:
    """Every workspace that has a schema to look after: deleted ones, too, as they can come back."""
    return Tenant.objects.exclude(status__in=_NOT_MIGRATED).exclude(held=True)


def behind(among: QuerySet[Tenant] | None = None) -> QuerySet[Tenant]:
    """Those whose schema was not made by the migrations of this code, the oldest first."""
    some = fleet() if among is None else among
    return some.exclude(fingerprint=fingerprints.of_migrations()).order_by("created_at", "pk")


@cache
def labels() -> tuple[str, ...]:
    """The apps whose tables are in each workspace's schema."""
    return tuple(c.label for c in apps.get_app_configs() if c.name in settings.TENANT_APPS)


def by_version(tenants: Sequence[Tenant]) -> dict[Version | None, list[Tenant]]:
    """The workspaces by what their schemas have; None: there is no such schema."""
    found: dict[Version | None, list[Tenant]] = defaultdict(list)
    for some in _pieces(tenants):
        existing = _schemas_that_exist(some)
        versions = _ask([tenant for tenant in some if tenant.schema_name in existing])
        for tenant in some:
            known = tenant.schema_name in existing
            version = frozenset(versions.get(tenant.schema_name, ())) if known else None
            found[version].append(tenant)
    return dict(found)


def of_schema(name: str) -> Version:
    """The version of one schema, read in the current transaction. Raises ProgrammingError."""
    table = f"{connection.ops.quote_name(name)}.django_migrations"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT app, name FROM {table} WHERE app = ANY(%s)",  # noqa: S608 - quoted name
            [list(labels())],
        )
        return frozenset((app, migration) for app, migration in cursor.fetchall())


def _ask(tenants: Sequence[Tenant]) -> dict[str, set[tuple[str, str]]]:
    if not tenants:
        return {}
    quote = connection.ops.quote_name
    parts = [
        f"SELECT '{tenant.schema_name}', app, name FROM {quote(tenant.schema_name)}.django_migrations"  # noqa: S608 - names of our own making
        " WHERE app = ANY(%(labels)s)"
        for tenant in tenants
    ]
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), {"labels": list(labels())})
        for schema, app, name in cursor.fetchall():
            found[schema].add((app, name))
    return found


def _schemas_that_exist(tenants: Sequence[Tenant]) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT schemaname FROM pg_tables"
            " WHERE tablename = 'django_migrations' AND schemaname = ANY(%s)",
            [[tenant.schema_name for tenant in tenants]],
        )
        return {schema for (schema,) in cursor.fetchall()}


def _pieces(tenants: Sequence[Tenant]) -> Iterator[Sequence[Tenant]]:
    for start in range(0, len(tenants), _AT_ONCE):
        yield tenants[start : start + _AT_ONCE]
