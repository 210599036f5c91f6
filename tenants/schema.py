"""Which schema this thread's connection works in; django-tenants' methods, with types."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from django.db import connection

from tenants.models import Tenant

_WORKSPACE = re.compile(r"w_[0-9a-z_]{1,61}")
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


@contextmanager
def inside(tenant: Tenant) -> Iterator[None]:
    """In the workspace's schema for a block, then back where it was."""
    before, include_public = _tenants.tenant, _tenants.include_public_schema
    enter(tenant)
    try:
        yield
    finally:
        _tenants.set_tenant(before, include_public)


@contextmanager
def outside() -> Iterator[None]:
    """In no workspace for a block, then back where it was."""
    before, include_public = _tenants.tenant, _tenants.include_public_schema
    leave()
    try:
        yield
    finally:
        _tenants.set_tenant(before, include_public)


def current() -> str:
    """The name of the schema that was entered; "public" in no workspace."""
    return str(_tenants.schema_name)


def is_a_workspaces(name: str) -> bool:
    """Whether this can be the name of a workspace's schema: they are all made by the pool."""
    return _WORKSPACE.fullmatch(name) is not None
