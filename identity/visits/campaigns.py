"""What a campaign's link says (`utm_source` and the like) goes along when a page leads on."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.http import HttpRequest

_BEGINS = "utm_"
_MOST, _LONGEST = 10, 200


def carried(request: HttpRequest, address: str) -> str:
    """`address` with the campaign's parameters of the request that it does not set itself."""
    parts = urlsplit(address)
    own = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    found = [
        (name, value)
        for name, value in parse_qsl(request.GET.urlencode())
        if name.startswith(_BEGINS) and name not in own and len(name + value) <= _LONGEST
    ]
    if not found:
        return address
    query = "&".join(filter(None, [parts.query, urlencode(found[:_MOST])]))
    return urlunsplit(parts._replace(query=query))
