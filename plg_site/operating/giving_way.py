"""Changing shared tables under traffic: it is the change that gives way, not a person's request.

It waits for no table for long (tenants/fleet/impatience.py), is taken back as a whole, and comes again; each
migration is a transaction of its own, and those that are done stay done.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from django.core.management import CommandError
from django.db import connection

from tenants.fleet import IN_USE, giving_way

T = TypeVar("T")
Say = Callable[[str], None]

PATIENCE = 300.0  # seconds, all tries together
_PAUSES = (0.2, 0.5, 1.0, 2.0)  # seconds between tries; the last one again and again


def until_free(
    change: Callable[[], T], *, say: Say = lambda line: None, within: float = PATIENCE
) -> T:
    """What `change` gives, tried until no table is in its way.

    Django's connection waits for no table for long; others set their `lock_timeout` themselves. Raises
    CommandError when some table was in use at every try.
    """
    give_up, tries = time.monotonic() + within, 0
    while True:
        try:
            with giving_way():
                return change()
        except Exception as error:
            if not passes(error):
                raise
            if time.monotonic() > give_up:
                raise CommandError(
                    f"Tables were in use at each of {tries + 1} tries; nothing is half changed. Look for"
                    f" long transactions (pg_stat_activity), and run it again. {_first_line(error)}"
                ) from error
        _start_over()
        if not tries:
            say("tables are in use; it gives way and comes again")
        time.sleep(_PAUSES[min(tries, len(_PAUSES) - 1)])
        tries += 1


def passes(error: BaseException) -> bool:
    """Whether it was only that somebody used a table."""
    return isinstance(error, IN_USE) or isinstance(error.__cause__, IN_USE)


def _start_over() -> None:
    """Django's schema editor sends foreign keys and indexes when its block ends, and where one of them fails,
    leaves the connection in that transaction (findings/django-schema-editor-stays-in-transaction.sh)."""
    if connection.in_atomic_block:
        connection.close()
        connection.connect()


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]
