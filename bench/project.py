"""Django and an empty event log for a module, and processes of the project beside it.

log = project.set_up("visible", stack=stack, tables=True)
with log.running(programs.events(log.env)):
    ...
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import psycopg

from plg_site.devstack import databases
from plg_site.devstack.program import Program
from plg_site.devstack.stack import Stack

if TYPE_CHECKING:
    from tenants.models import Tenant

_used: list[Log] = []


@dataclass(frozen=True)
class Log:
    """An event log that nothing else uses: this process's settings and `env` name it."""

    stack: Stack
    name: str
    env: dict[str, str]  # for processes that the module starts

    @property
    def url(self) -> str:
        """The address of its database."""
        return self.env["EVENTS_DATABASE_URL"]

    @contextmanager
    def running(self, *started: Program) -> Iterator[None]:
        """Processes of the project, ready, until the end of the block."""
        supervisor = self.stack.supervisor
        try:
            for program in started:
                supervisor.start(program)
            for program in started:
                supervisor.wait_until_ready(program.name)
            yield
        finally:
            for program in reversed(started):
                supervisor.kill(program.name, signal.SIGTERM, stay_down=True)


def set_up(name: str, *, stack: Stack, tables: bool = False, fresh: bool = False) -> Log:
    """Django with an empty, migrated log; `tables`: those of the primary database, too (seconds);
    `fresh`: without what an earlier module has left in them.

    The log's database is dropped after the module.
    """
    import django

    django.setup()
    from django.conf import settings

    from events.store import get_store

    url = _new_database(stack.env["EVENTS_DATABASE_URL"], f"bench_{name}")
    env = {**stack.env, "EVENTS_DATABASE_URL": url, "EVENTS_STREAM": f"bench-{name}"}
    settings.EVENTS_DATABASE_URL, settings.EVENTS_STREAM = url, env["EVENTS_STREAM"]
    log = Log(stack, name, env)
    _used.append(log)
    get_store().migrate()
    if fresh:
        _empty_primary(stack)
    if tables or fresh:
        _primary_tables()
    return log


def make_workspace(slug: str) -> Tenant:
    """A workspace with an owner, without limits. Needs `tables`."""
    from identity.models import User
    from metering.quotas import limits
    from tenants.signing_up import provisioning

    owner = User.objects.create_user(f"owner@{slug}.example", "correct horse", name=slug)
    wanted = provisioning.NewWorkspace(name=slug, slug=slug)
    tenant = provisioning.create_workspace(wanted, owner=owner)
    limits.set_limits(tenant, {})
    return tenant


def tear_down() -> None:
    """Drop what the last module set up; its size must not weigh on the next."""
    while _used:
        from events.store import get_store

        log = _used.pop()
        get_store().close()
        with psycopg.connect(log.stack.env["DATABASE_URL"], autocommit=True) as admin:
            databases.drop(admin, _name(log.url))


@cache
def _primary_tables() -> None:
    from plg_site.operating import preparation

    preparation.shared_tables()
    preparation.workspace_pool()


def _empty_primary(stack: Stack) -> None:
    """Make it anew, and forget what caches know of it."""
    from django.core.cache import cache
    from django.db import connection

    connection.close()
    connection.close_pool()  # type: ignore[attr-defined] # of the PostgreSQL backend only
    address = stack.env["DATABASE_URL"]
    beside = urlunsplit(urlsplit(address)._replace(path="/postgres"))
    with psycopg.connect(beside, autocommit=True) as admin:
        databases.recreate(admin, _name(address))
    cache.clear()
    _primary_tables.cache_clear()


def _new_database(beside: str, name: str) -> str:
    url = urlunsplit(urlsplit(beside)._replace(path=f"/{name}"))
    with psycopg.connect(beside, autocommit=True) as admin:
        databases.recreate(admin, name)
    return url


def _name(url: str) -> str:
    return urlsplit(url).path.lstrip("/")
