"""Takes out of a line what nobody may read there: codes, tokens, cookies, query strings, addresses.

By construction, not by care: every value of every line goes through here, whoever wrote it. What the
value of a telling name is never stands in a line, and in all texts, tracebacks too, what looks like a
secret is replaced. A number that stands alone in a sentence is not told from a code: who logs a code
names it so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

GONE = "[redacted]"
LONGEST = 2_000  # characters of a text
MOST = 50  # values of a list or mapping
_DEEPEST = 8
_NAMES = re.compile(
    r"passw|secret|token|cookie|authori[sz]ation|credential|signature|session|api_?key|otp"
    r"|^(?:\w+_)?e?mails?(?:_address)?$|^to$|^recipients?$|^codes?$|(?:login|recovery|demo)_codes?$"
    r"|^query|^link$|^subject$|^body$",
    re.IGNORECASE,
)
_NUMBERS = re.compile(r"^codes?$|(?:login|recovery|demo)_codes?$|otp|passw", re.IGNORECASE)
_CREDENTIALS = re.compile(r"://[^/\s@'\"]+@")
_MAIL = re.compile(r"(?<![\w.!#$%&'*+/=^`{|}~-])[\w.!#$%&'*+/=^`{|}~-]{1,64}@[\w-]+(?:\.[\w-]+)*")
_QUERY = re.compile(r"\?[^\s'\"<>()\[\]]*[=&%][^\s'\"<>()\[\]]*")
_NAMED = re.compile(
    r"\b([\w-]{0,40}(?:token|secret|passwd|password|signature|cookie|authorization|session_?id"
    r"|api_?key)|code)(['\"]?\s*[=:]\s*)(?:bearer\s+|basic\s+)?['\"]?[^\s'\",;&)}\]]+",
    re.IGNORECASE,
)
# Small and large letters and digits, mixed: what is drawn by lot, also with the signature behind it.
_DRAWN = re.compile(
    r"(?<![\w-])(?=[\w-]{0,200}[a-z])(?=[\w-]{0,200}[A-Z])(?=[\w-]{0,200}\d)[\w-]{22,}"
    r"(?:[.:~][\w-]{4,})*"
)
_HEX = re.compile(r"\b[0-9a-fA-F]{40,}\b")
_KEYS = re.compile(r"\b(?:sk|rk|whsec|whk)_\w{6,}")


def value(said: Any, *, name: str = "", depth: int = 0) -> Any:
    """What may stand in a line in the place of `said`: JSON's values, without secrets."""
    if said is None or isinstance(said, bool):
        return said
    if isinstance(said, int | float):
        return GONE if _NUMBERS.search(name) else said
    if name and _NAMES.search(name):
        return GONE
    if isinstance(said, str):
        return text(said)
    if isinstance(said, UUID | datetime | date):
        return str(said)
    if depth >= _DEEPEST:
        return "[deeper]"
    if isinstance(said, Mapping):
        items = list(said.items())[:MOST]
        return {text(str(key)): value(each, name=str(key), depth=depth + 1) for key, each in items}
    if isinstance(said, list | tuple | set | frozenset):
        return [value(each, depth=depth + 1) for each in list(said)[:MOST]]
    return text(repr(said))


def text(said: str, *, longest: int = LONGEST) -> str:
    """The text without what looks like a secret, cut after so many characters."""
    said = said[:longest] + "…" if len(said) > longest else said
    if "@" in said:
        said = _CREDENTIALS.sub("://[redacted]@", said)
        said = _MAIL.sub("[address]", said)
    if "?" in said:
        said = _QUERY.sub("?[redacted]", said)
    if "=" in said or ":" in said:
        said = _NAMED.sub(rf"\1\2{GONE}", said)
    if len(said) >= 8:
        said = _KEYS.sub(GONE, said)
    if len(said) >= 22:
        said = _HEX.sub(GONE, _DRAWN.sub(GONE, said))
    return said
