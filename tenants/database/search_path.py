"""What is known of a psycopg connection's `search_path`, without asking the server.

PostgreSQL 18 reports each change of it to the client (a ParameterStatus message, before the answer
to the statement is complete), also one made by a rollback or inside of a function. Older servers
do not, nor do some poolers: there a SET is believed until something happens that may undo it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from psycopg.pq import TransactionStatus

# Statements that may change the path. A function of the database that calls set_config is not seen
# here: on servers before 18, such a function must change it for its transaction only.
_NAMES = ("search_path", "set_config")
_WORDS = {word: re.compile(rf"\b{word}\b") for word in ("discard", "reset", "rollback", "abort")}
_SCHEMA = re.compile(r"schema\s+'")


def is_at(raw: Any, path: str) -> bool:
    """Whether the server works in `path`, as far as it told."""
    known = getattr(raw, "plg_path", None)
    return known is not None and known == (path, _reported(raw))


def set_to(raw: Any, path: str, execute: Callable[[str], Any]) -> None:
    """Set it, and see whether this connection tells of it.

    Some poolers say at the beginning what the path is, and then keep changes to themselves: what is
    told counts only where it was seen to change to what was set.
    """
    before = _reported(raw)
    raw.plg_path = None
    execute(f"SET search_path = {path}")
    after = _reported(raw)
    if after is None or _plain(after.decode()) != _plain(path):
        raw.plg_tells = False
    elif after != before:
        raw.plg_tells = True
    raw.plg_path = (path, after)


def doubt(raw: Any) -> None:
    """Something may have changed the path, and this server would not tell."""
    if raw is not None and not getattr(raw, "plg_tells", False):
        raw.plg_path = None


def doubt_if_failed(raw: Any) -> None:
    """A transaction that has failed ends in a rollback, whatever Django says at its end."""
    if raw is not None and raw.info.transaction_status == TransactionStatus.INERROR:
        doubt(raw)


def is_useless_now(raw: Any) -> bool:
    """In a failed transaction no SET is accepted; what ends it brings an older path back."""
    return bool(raw.info.transaction_status == TransactionStatus.INERROR)


def may_change(statement: Any) -> bool:
    """Whether a statement could set the path; what is no text (composed SQL) could."""
    if not isinstance(statement, str):
        return True
    text = statement.lower()
    if any(name in text for name in _NAMES):
        return True
    # The cheap question first: scripts that make a schema have tens of thousands of characters.
    if any(word in text and pattern.search(text) for word, pattern in _WORDS.items()):
        return True
    return _SCHEMA.search(text) is not None


def _reported(raw: Any) -> bytes | None:
    status: bytes | None = raw.pgconn.parameter_status(b"search_path")
    return status


def _plain(path: str) -> str:
    return path.replace('"', "").replace(" ", "")
