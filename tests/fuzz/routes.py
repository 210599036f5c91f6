"""Every address of the installation, from its URLconfs, and what hostile people put into them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver
from hypothesis import strategies as st

_CONVERTER = re.compile(r"<(?:(\w+):)?(\w+)>")
_GROUP = re.compile(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)|\((?:[^()]|\([^()]*\))*\)")
NOBODY = "00000000-0000-7000-8000-000000000000"


@dataclass(frozen=True)
class Route:
    pattern: str
    view: Callable[..., Any]

    def path(self, ids: dict[str, object], text: str) -> str:
        """The address, with things that exist where they are known, else with `text`."""

        def converted(match: re.Match[str]) -> str:
            kind, name = match[1] or "str", match[2]
            samples = {"int": "1", "uuid": NOBODY, "slug": "x-1"}
            return str(ids.get(name, samples.get(kind) or quote(text, safe="")))

        def grouped(match: re.Match[str]) -> str:
            return str(ids.get(match[1] or "", "1"))

        path = _CONVERTER.sub(converted, self.pattern)
        path = _GROUP.sub(grouped, path.replace("^", "").replace("$", "").replace("\\Z", ""))
        return "/" + path.replace("\\", "").replace("?", "")


def routes(urlconf: str, patterns: Any = None, prefix: str = "") -> Iterator[Route]:
    """Every address that a host with this urlconf knows."""
    for pattern in patterns or get_resolver(urlconf).url_patterns:
        found = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(urlconf, pattern.url_patterns, found)
        elif isinstance(pattern, URLPattern):
            yield Route(found, pattern.callback)


WORKSPACE = list(routes(settings.ROOT_URLCONF))
SITE = list(routes(settings.PUBLIC_SCHEMA_URLCONF))
FILES = list(routes(settings.FILES_URLCONF))

# The names that our views read anywhere; forms bring theirs.
NAMES = (
    *(
        "next",
        "page",
        "offset",
        "id",
        "q",
        "plan",
        "event",
        "interval",
        "session_id",
        "range",
        "window",
        "group",
    ),
    *(
        "group_by",
        "meter",
        "days",
        "from",
        "to",
        "start",
        "end",
        "code",
        "state",
        "error",
        "format",
    ),
    *("client_id", "redirect_uri", "scope", "prompt", "max_age", "id_token_hint", "claims"),
    *("response_type", "code_challenge", "code_challenge_method", "post_logout_redirect_uri"),
    *("token", "grant_type", "refresh_token", "locale", "ordering", "content_type", "p", "limit"),
    *("action", "by", "kind", "email", "role", "name", "top", "cursor", "tab", "domain"),
)
NASTY = (
    *(
        "",
        "\0",
        "a\0b",
        "\x1f",
        "\u202e",
        "é",
        "٣",
        "\U0001d7d9",
        "😀" * 50,
        "x" * 5_000,
        "%",
        "%00",
        "%ff",
    ),
    *(
        "-1",
        "0",
        "1e999",
        "NaN",
        "Infinity",
        "9" * 40,
        str(2**31),
        str(2**63),
        "9" * 25,
        "1.5",
        "1,5",
        "0x10",
        "true",
        "null",
    ),
    *(
        "0001-01-01",
        "9999-12-31",
        "9999-12-31T23:59:59Z",
        "0000-00-00",
        "10000-01-01",
        "2026-02-30",
    ),
    *("9999-12-31T23:59:59+14:00", "0001-01-01T00:00:00-14:00", NOBODY, "{", "[]", "[1]", '{"a":'),
    *("//%5Bx", "//[x", "http://[", "javascript:1", "../../etc/passwd", "'; --", "<b>", "{{ 1 }}"),
    *(
        "none",
        "login",
        "S256",
        "openid",
        "code",
        "authorization_code",
        "day",
        "hour",
        "json",
        "csv",
    ),
)
values = st.one_of(
    st.sampled_from(NASTY),
    st.sampled_from(NASTY),
    st.text(max_size=12),
    st.integers().map(str),
    st.sampled_from([2**31, 2**63, -(2**63) - 1, 10**24]).map(str),
    st.datetimes().map(str),
)
pairs = st.lists(st.tuples(st.sampled_from(NAMES), values), min_size=2, max_size=9)
