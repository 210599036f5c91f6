"""Workspaces of their own, at the version of today, and code that is newer than they are."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import connection

from tenants.models import Domain, Tenant
from tenants.pool import fingerprints
from tests.tenants.fleet import later


class Fleet:
    """Some workspaces, and what they are asked."""

    def __init__(self, tenants: list[Tenant], folder: Path, stack: ExitStack) -> None:
        self.tenants = tenants
        self._folder = folder
        self._stack = stack

    def deploy(self, **bodies: str) -> None:
        """From here on this process is a newer release with these migrations after today's."""
        name = later.write(self._folder, **bodies)
        self._stack.enter_context(later.running(name, self._folder))

    def migrate(self, *arguments: str) -> str:
        """What `migrate_tenants` prints for these workspaces; raises CommandError as it does."""
        out = io.StringIO()
        slugs = [word for tenant in self.tenants for word in ("--tenant", tenant.slug)]
        call_command("migrate_tenants", *slugs, *arguments, stdout=out)
        return out.getvalue()

    def columns(self, tenant: Tenant, table: str = "product_link") -> set[str]:
        return set(
            ask(
                "SELECT column_name FROM information_schema.columns"
                " WHERE table_schema = %s AND table_name = %s",
                tenant.schema_name,
                table,
            )
        )

    def current(self) -> list[str]:
        """The slugs of those that carry the fingerprint of the running code."""
        mine = Tenant.objects.filter(pk__in=[tenant.pk for tenant in self.tenants])
        wanted = fingerprints.of_migrations()
        return sorted(mine.filter(fingerprint=wanted).values_list("slug", flat=True))

    @property
    def slugs(self) -> list[str]:
        return sorted(tenant.slug for tenant in self.tenants)


def ask(sql: str, *parameters: object) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [row[0] for row in cursor.fetchall()]


@pytest.fixture
def make_fleet(committed: None, tmp_path: Path) -> Iterator[Callable[[int], Fleet]]:
    """`make_fleet(3)`: so many workspaces, removed afterwards."""
    made: list[Tenant] = []
    with ExitStack() as stack:

        def make(count: int) -> Fleet:
            for _ in range(count):
                made.append(make_workspace())
            return Fleet(made, tmp_path, stack)

        yield make
    for tenant in made:
        remove(tenant)


def make_workspace() -> Tenant:
    """Without an owner: nothing here asks for one."""
    from tenants.pool import schemas, templates

    slug, schema_name = f"fleet-{uuid4().hex[:12]}", schemas.new_name()
    schemas.make(schema_name, template=templates.listed()[0])
    tenant = Tenant.objects.create(
        name=slug,
        slug=slug,
        schema_name=schema_name,
        fingerprint=fingerprints.of_migrations(),
    )
    Domain.objects.create(tenant=tenant, domain=f"{slug}.plg.localhost", is_primary=True)
    return tenant


def remove(tenant: Tenant) -> None:
    connection.set_schema_to_public()
    with connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA IF EXISTS "{tenant.schema_name}" CASCADE')
    Tenant.objects.filter(pk=tenant.pk).delete()
