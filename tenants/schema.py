"""Which schema this thread's connection works in; django-tenants' methods, with types."""

from __future__ import annotations

from typing import Any, cast

from django.db import connection

from tenants.models import Tenant

_tenants = cast(Any, connection)  # the stubs know Django's own backends only


def enter(tenant: Tenant) -> None:
    """From here on, queries see the workspace's tables first, then the shared ones."""
    _tenants.set_tenant(tenant)


def enter_bare(schema: str) -> None:
    """Only the tables of `schema`; the shared ones are out of sight."""
    _tenants.set_schema(schema, include_public=False)


def leave() -> None:
    """Back to the shared tables."""
    _tenants.set_schema_to_public()
