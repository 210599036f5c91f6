"""A connection whose statements run in the schema that was entered, whatever happened before.

django-tenants sets `search_path` before every statement, or (TENANT_LIMIT_SET_CALLS) once and then
believes that it stays so: a raw SET, DISCARD ALL, a rollback that Django did not do, a COMMIT that
PostgreSQL turned into a rollback make it wrong. Here the path is compared with what the server says
it is (`search_path.py`), so it is set when it differs, and only then.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.db.backends.base.base import NO_DB_ALIAS
from django_tenants.postgresql_backend import base
from django_tenants.utils import quote_schema_name
from psycopg_pool import ConnectionPool

from events.postgres import Pool
from tenants.database import search_path

# What the thread that takes a connection from the pool wants to do with it.
_taking = threading.local()
_NAMES: dict[str, str] = {"default": "main"}  # what the log calls it


class DatabaseWrapper(base.DatabaseWrapper):
    """django-tenants' connection (`set_tenant` and so on); only when it sets the path is ours."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._path = ""  # as in SET search_path = …
        self._turn = 0  # of schemas: a cursor that was opened in an earlier one is noticed
        self._speaker: Any = None  # the cursor that spoke last
        super().__init__(*args, **kwargs)
        self.execute_wrappers.append(self._before_a_statement)

    # --- which schema -------------------------------------------------------------------------
    def set_tenant(self, tenant: Any, include_public: bool = True) -> None:
        """As django-tenants', but content types stay known: they are in public alone."""
        self.tenant = tenant
        self.schema_name = tenant.schema_name
        self.include_public_schema = include_public
        self._path = ",".join(map(quote_schema_name, self._get_cursor_search_paths()))
        self._turn += 1

    def _handle_search_path(self, cursor: Any = None) -> None:
        """Set the path if it differs. `cursor` None: no cursor that could say it, take another."""
        raw = self.connection
        if search_path.is_at(raw, self._path) or search_path.is_useless_now(raw):
            return
        if cursor is None or self.needs_rollback:  # then Django's cursor would refuse to speak
            with self.wrap_database_errors:
                search_path.set_to(raw, self._path, raw.execute)
        else:
            search_path.set_to(raw, self._path, cursor.execute)

    def _cursor(self, name: str | None = None) -> Any:
        cursor = super()._cursor(name)
        cursor.turn = self._turn
        self._speaker = cursor
        return cursor

    def _before_a_statement(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
    ) -> Any:
        """What a statement does to the path holds for its own cursor, until another one speaks."""
        cursor = context["cursor"]
        turn = getattr(cursor, "turn", None)  # None: the cursor is just being opened
        if turn is not None and (cursor is not self._speaker or turn != self._turn):
            self._handle_search_path()
            self._speaker, cursor.turn = cursor, self._turn
        if search_path.may_change(sql):
            search_path.doubt(self.connection)
        return execute(sql, params, many, context)

    # --- what undoes a SET without saying so (servers before 18 do not tell) --------------------
    def commit(self) -> None:
        search_path.doubt_if_failed(self.connection)  # its COMMIT will be a rollback
        super().commit()

    def rollback(self) -> None:
        search_path.doubt(self.connection)
        super().rollback()

    def savepoint_rollback(self, sid: str) -> None:
        try:
            super().savepoint_rollback(sid)
        finally:
            search_path.doubt(self.connection)

    def close(self) -> None:
        self._speaker = None
        super().close()

    # --- the pool -----------------------------------------------------------------------------
    @property
    def pool(self) -> Pool | None:
        """In the place of Django's: with a breaker, and it asks whether a connection lives by setting
        the path that is wanted."""
        options = self.settings_dict["OPTIONS"].get("pool")
        if not options or self.alias == NO_DB_ALIAS:
            return None
        pools: dict[str, Pool] = self._connection_pools
        if self.alias not in pools:
            made = Pool(
                what=_NAMES.get(str(self.alias), str(self.alias)),
                kwargs={**self.get_connection_params(), "autocommit": True},
                open=False,
                configure=self._configure_connection,
                alive=_is_alive,
                **({} if options is True else options),
            )
            pools.setdefault(self.alias, made)  # another thread may have been faster
        return pools[self.alias]

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        _taking.path = self._path
        return super().get_new_connection(conn_params)


def _is_alive(raw: Any) -> None:
    """One round trip, as Django's own check: an empty statement, or the SET that is due anyway."""
    path = getattr(_taking, "path", "")
    if not raw.autocommit or not path or search_path.is_at(raw, path):
        ConnectionPool.check_connection(raw)
        return
    search_path.set_to(raw, path, raw.execute)
