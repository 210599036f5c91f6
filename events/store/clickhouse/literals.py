"""Texts as ClickHouse's SQL and its tab-separated text spell them."""

from __future__ import annotations

ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r", "\0": r"\0"})
_QUOTED = ESCAPES | {ord("'"): r"\'"}


def quote(text: str) -> str:
    """A text as a literal of ClickHouse's SQL, and of its arrays."""
    return f"'{text.translate(_QUOTED)}'"
