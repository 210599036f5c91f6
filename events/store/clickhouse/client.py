"""The way to a ClickHouse server: one HTTP client a process, and what its errors mean."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import (
    DataError,
    Error,
    NotSupportedError,
    ProgrammingError,
)

from events.errors import EventsUnstorable, StoreUnavailable
from events.redis.circuit import Circuit

SCHEMES = {"clickhouse": "http", "clickhouse+http": "http", "clickhouse+https": "https"}
_PORTS = {"http": 8123, "https": 8443}
# What the server says about the rows themselves: the same the next time.
# https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp
_ABOUT_ROWS = {6, 26, 27, 38, 41, 53, 69, 72, 117, 131, 321, 349, 376, 407, 441, 469, 684}
# What it says about a query of ours that is wrong, or a table that is not there.
_ABOUT_QUERIES = {36, 42, 43, 44, 46, 47, 48, 50, 60, 62, 81, 107, 115, 215, 386, 456}
_OURS = (DataError, NotSupportedError, ProgrammingError)  # the client's word on a wrong call

logging.getLogger("clickhouse_connect").setLevel(logging.CRITICAL)  # we tell of outages ourselves


class ClickHouse:
    """A server and a database on it, named by clickhouse://user:password@host:8123/name."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        interface = SCHEMES[parts.scheme]
        self.database = unquote(parts.path.lstrip("/"))
        self._options: dict[str, Any] = {
            "interface": interface,
            "host": parts.hostname or "127.0.0.1",
            "port": parts.port or _PORTS[interface],
            "username": unquote(parts.username or "default"),
            "password": unquote(parts.password or ""),
        }
        self._client: Client | None = None
        self._lock = threading.Lock()
        self._circuit = Circuit("event store")

    @contextmanager
    def connection(self) -> Iterator[Client]:
        """The client, safe for many threads. Raises StoreUnavailable, EventsUnstorable."""
        with self._told_apart():
            yield self._connected()

    def make_database(self, on_cluster: str) -> None:
        """Make the database where it is missing: a client for it cannot be made before."""
        with self._told_apart():
            client = self._new_client("default")
            name = self.database.replace("`", "")
            client.command(f"CREATE DATABASE IF NOT EXISTS `{name}` {on_cluster}")
            client.close()

    def close(self) -> None:
        """Give back all connections."""
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None

    @contextmanager
    def _told_apart(self) -> Iterator[None]:
        """An outage, rows that cannot be stored, and a mistake of ours are three things."""
        if self._circuit.is_open:
            raise StoreUnavailable("The events database did not answer a moment ago.")
        try:
            yield
            self._circuit.succeeded()
        except Error as error:
            if error.code in _ABOUT_QUERIES or isinstance(error, _OURS):
                raise
            words = " ".join(str(error).split())[:500]
            if error.code in _ABOUT_ROWS:
                raise EventsUnstorable(words) from error
            if error.code is None:  # no word from the server
                self._circuit.failed()
            raise StoreUnavailable(words) from error

    def _connected(self) -> Client:
        with self._lock:
            if self._client is None:
                self._client = self._new_client(self.database)
            return self._client

    def _new_client(self, database: str) -> Client:
        return clickhouse_connect.get_client(
            **self._options,
            database=database,
            autogenerate_session_id=False,  # a session allows one query at a time
            dedicated_pool=True,
            connect_timeout=2,
            send_receive_timeout=60,
            query_retries=0,
            tz_mode="aware",
        )
