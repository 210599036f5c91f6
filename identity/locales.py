"""Languages that a person may want to read, as language tags (RFC 5646)."""

from __future__ import annotations

from functools import cache

from django.conf.locale import LANG_INFO
from django.utils.translation.trans_real import parse_accept_lang_header


@cache
def choices() -> list[tuple[str, str]]:
    """For a select: tags, each with the language's own name for itself."""
    named = {tag: info["name_local"] for tag, info in LANG_INFO.items() if "name_local" in info}
    return sorted(named.items(), key=lambda pair: pair[1].casefold())


def wanted(accept_language: str) -> str:
    """The first that a browser asks for and we know, of the header Accept-Language; "" for none."""
    known = dict(choices())
    for tag, _ in parse_accept_lang_header(accept_language[:200]):
        for each in (tag, tag.partition("-")[0]):
            if each in known:
                return each
    return ""
