"""Changing tables that people are using: it is the change that gives way, not a person's request.

A migration of two tables and a request that uses both in the other order wait for each other. After a
second (`deadlock_timeout`) PostgreSQL ends whoever looks first. So a change waits for less than that for a
table, is taken back as a whole, and comes again; each migration is a transaction of its own, and those
that are done stay done.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.management import CommandError
from django.db import connection

from tenants.fleet.running import IN_USE

T = TypeVar("T")
Say = Callable[[str], None]

WAIT = "400ms"  # for one table: people wait behind us
PATIENCE = 300.0  # seconds, all tries together
_PAUSES = (0.2, 0.5, 1.0, 2.0)  # seconds between tries; the last one again and again


def until_free(
    change: Callable[[], T], *, say: Say = lambda line: None, within: float = PATIENCE
) -> T:
    """What `change` gives, tried until no table is in its way.

    Each transaction of Django's connection waits for a table for no longer than WAIT; other connections
    say so themselves. Raises CommandError when some table was in use at every try.
    """
    give_up, tries = time.monotonic() + within, 0
    while True:
        try:
            with connection.execute_wrapper(_impatient):
                return change()
        except Exception as error:
            if not passes(error):
                raise
            if time.monotonic() > give_up:
                raise CommandError(
                    f"Tables were in use at each of {tries + 1} tries; nothing is half changed. Look for"
                    f" long transactions (pg_stat_activity), and run it again. {_first_line(error)}"
                ) from error
        if not tries:
            say("tables are in use; it gives way and comes again")
        time.sleep(_PAUSES[min(tries, len(_PAUSES) - 1)])
        tries += 1


def passes(error: BaseException) -> bool:
    """Whether it was only that somebody used a table."""
    return isinstance(error, IN_USE) or isinstance(error.__cause__, IN_USE)


def _impatient(execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Where a statement is in a transaction, that one waits for nobody for long. What runs outside of
    one (an index built concurrently) has to wait for all who are there, and locks nobody out."""
    using = context["connection"]
    if using.in_atomic_block:
        using.connection.execute(f"SET LOCAL lock_timeout = '{WAIT}'")
    return execute(sql, params, many, context)


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]
