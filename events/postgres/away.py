"""Which errors say that a database is not there, and nothing about what was asked.

Django's and psycopg's alike. Not all of them are OperationalErrors: a transaction that stood still or
took too long is ended with an InternalError, and the connection with it.
"""

from __future__ import annotations

from collections.abc import Iterator

import django.db
import psycopg

RETRY_AFTER = 5  # seconds; what is said to who may ask again
# SQLSTATEs (PostgreSQL documentation, appendix A): the connection failed; there is no room for one; it
# was ended by the server, which may be going down or coming up; it was ended with its transaction.
_CLASS = "08"
_CODES = {"53300", "57P01", "57P02", "57P03", "57P05", "25P03", "25P04"}
# libpq gives no SQLSTATE when a connection is refused; the server is there, and has no room.
_FULL = ("too many clients", "too many connections", "connection slots are reserved")


class DatabaseAway(psycopg.OperationalError):
    """The server did not answer a moment ago, and is not asked again before it does."""


def is_away(error: BaseException | None) -> bool:
    """Whether this error, or what it was raised from, says that the database is not there."""
    return any(_says_so(each) for each in _causes(error))


def is_full(error: BaseException) -> bool:
    """Whether the server answered that it has no room for another connection."""
    return getattr(error, "sqlstate", None) == "53300" or any(
        words in str(error) for words in _FULL
    )


def _says_so(error: BaseException) -> bool:
    if isinstance(error, django.db.InterfaceError):  # has no cause where Django itself says it
        return "connection" in str(error)
    if not isinstance(error, psycopg.Error):
        return False
    if error.sqlstate:
        return error.sqlstate.startswith(_CLASS) or error.sqlstate in _CODES
    # No word from the server: the line is cut, or no connection was to be had.
    return isinstance(error, psycopg.OperationalError)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__
