"""Whether something between us and PostgreSQL mixes up workspaces, found out by experiment.

A pooler in transaction mode gives each transaction any of its server connections. A `search_path`
that one client has set is then in force for another one: half of all reads come from another
workspace, without an error. In session mode, or where the pooler follows `search_path` (PostgreSQL
18 reports it; PgBouncer >= 1.25.1 with `track_extra_parameters = search_path`), all is well.
"""

from __future__ import annotations

import enum
import os
import re
import secrets
import socket
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import structlog
from django.conf import settings
from psycopg import sql

from tenants.database.address import of as address_of

log = structlog.get_logger()

_CLIENTS = 3  # in session mode, each takes one of the pooler's connections
_ROUNDS = 5
_HOLD = 0.003  # seconds that a transaction keeps its server connection, so that clients cross
_PATIENCE = 5  # seconds to connect, and for the experiment
# CVE-2025-12819, in the very setting that makes transaction mode usable, is closed in this one.
PGBOUNCER_NEEDED = (1, 25, 1)


class Mode(enum.Enum):
    OWN_CONNECTIONS = "each client has a connection of its own (no pooler, or session mode)"
    FOLLOWS = "a pooler shares connections and follows search_path"
    MIXES = "a pooler shares connections and mixes up search_path"


@dataclass(frozen=True)
class Found:
    """What the experiment saw. `wrong` of `asked` questions were answered in another's schema."""

    mode: Mode
    asked: int
    wrong: int
    pgbouncer: tuple[int, ...] = ()  # its version, where we may ask for it

    @property
    def refusal(self) -> str:
        """Why this must not be used; empty: it may."""
        if self.mode is Mode.MIXES:
            return (
                f"A pooler between us and PostgreSQL mixes up workspaces: {self.wrong} of "
                f"{self.asked} questions were answered in another one's schema. Set its pool_mode "
                "to session, or use PostgreSQL 18 with PgBouncer 1.25.1 or newer and "
                "track_extra_parameters = search_path, or let DATABASE_URL name PostgreSQL itself."
            )
        if self.mode is Mode.FOLLOWS and () < self.pgbouncer < PGBOUNCER_NEEDED:
            return (
                f"PgBouncer {'.'.join(map(str, self.pgbouncer))} follows search_path, but not "
                "safely (CVE-2025-12819): use 1.25.1 or newer, or its session mode."
            )
        return ""


class MixesTenants(Exception):
    """The database is behind something that serves one workspace another one's rows."""


def examine(database: Mapping[str, Any] | None = None) -> Found:
    """Experiment with a few connections to `database` (an entry of settings.DATABASES; the default
    one), for some 50 ms. It reads and writes nothing. Raises psycopg.Error when it is away, or when
    a pooler has no connections left for us."""
    address = _address(database or settings.DATABASES["default"])
    with ExitStack() as stack:
        clients = [
            _Client(stack.enter_context(psycopg.connect(**address, autocommit=True)))
            for _ in range(_CLIENTS)
        ]
        stack.enter_context(_hang_up_after(_PATIENCE, clients))
        for client in clients:
            client.set_path()
        for _ in range(2):  # one after the other: whoever is idle lends out its connection
            for client in clients:
                client.ask()
        with ThreadPoolExecutor(_CLIENTS) as threads:
            for _ in range(_ROUNDS):
                list(threads.map(_Client.ask_slowly, clients))
        for client in clients:
            client.forget_path()
        found = _judge(clients)
    if found.mode is Mode.FOLLOWS:
        return replace(found, pgbouncer=_version(address))
    return found


def pgbouncer_version(database: Mapping[str, Any]) -> tuple[int, ...]:
    """Of the PgBouncer in front of it; () where there is none, or its console does not let us in."""
    return _version(_address(database))


def refuse_to_mix() -> None:
    """At start-up. Raises MixesTenants; a database that is away is no reason not to start."""
    try:
        found = examine()
    except psycopg.Error as error:
        log.warning("pooler.not_examined", error=str(error).strip())
        return
    if found.refusal:
        raise MixesTenants(found.refusal)


class _Client:
    """A connection with a path that no other one has."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._path = f"plg_probe_{secrets.token_hex(6)}"
        self.servers: set[int] = set()
        self.asked = self.wrong = 0

    def hang_up(self) -> None:
        """Whoever waits for an answer gets an error instead."""
        with (
            suppress(OSError, psycopg.Error),
            socket.socket(fileno=os.dup(self._connection.fileno())) as line,
        ):
            line.shutdown(socket.SHUT_RDWR)

    def set_path(self) -> None:
        """As django-tenants does."""
        path = sql.SQL("SET search_path = {}, public").format(sql.Identifier(self._path))
        self._connection.execute(path)

    def forget_path(self) -> None:
        """Where connections are shared, the next one to get this one must not find it."""
        self._connection.execute("RESET search_path")

    def ask(self, *, seconds: float = 0) -> None:
        answer = self._connection.execute(
            "SELECT pg_backend_pid(), current_setting('search_path'), pg_sleep(%s)", [seconds]
        )
        for server, path, _ in answer:
            self.servers.add(server)
            self.asked += 1
            self.wrong += self._path not in path

    def ask_slowly(self) -> None:
        self.ask(seconds=_HOLD)


@contextmanager
def _hang_up_after(seconds: float, clients: list[_Client]) -> Iterator[None]:
    """A pooler without a free connection lets a client wait for minutes; a start-up must not."""

    def hang_up() -> None:
        for client in clients:
            client.hang_up()

    timer = threading.Timer(seconds, hang_up)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _judge(clients: list[_Client]) -> Found:
    asked, wrong = sum(each.asked for each in clients), sum(each.wrong for each in clients)
    servers = [server for client in clients for server in client.servers]
    shared = len(set(servers)) < len(servers) or len(servers) > len(clients)
    mode = Mode.MIXES if wrong else Mode.FOLLOWS if shared else Mode.OWN_CONNECTIONS
    return Found(mode, asked, wrong)


def _version(address: Mapping[str, Any]) -> tuple[int, ...]:
    """Its console lets in who is among its stats_users or admin_users."""
    console = {**address, "dbname": "pgbouncer"}
    try:
        with psycopg.connect(**console, autocommit=True) as connection:
            cursor = psycopg.ClientCursor(connection)
            row = cursor.execute("SHOW VERSION").fetchone()
    except psycopg.Error:
        return ()
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", str(row))
    return tuple(map(int, found.groups())) if found else ()


def _address(database: Mapping[str, Any]) -> dict[str, Any]:
    # prepare_threshold: a shared connection does not know what another one has prepared.
    return {**address_of(database), "connect_timeout": _PATIENCE, "prepare_threshold": None}
