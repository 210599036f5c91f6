"""Who asks: the client's address, where it is known, and its key for buckets.

`plg_site.web.client_address` finds it in front of everything and leaves it in REMOTE_ADDR. Where a proxy
stands in between that nobody has declared, the address is the proxy's, and no key for a limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any

UNKNOWN = "plg.address_unknown"  # in the WSGI environ, true where REMOTE_ADDR is not the client's
# What a proxy says, and anybody may: for whom it asks.
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")
_ONE_CUSTOMER = 64  # bits: what a provider gives to one line; addresses below it cost nothing


def client_address(meta: Mapping[str, Any]) -> str | None:
    """The client's address, to be written down or shown; None where it is not known."""
    if meta.get(UNKNOWN):
        return None
    try:
        return str(ip_address(meta.get("REMOTE_ADDR") or ""))
    except ValueError:  # a socket on disk
        return None


def address_key(meta: Mapping[str, Any]) -> str | None:
    """The client's address as a key for a bucket: IPv6 by /64; None where it is not known."""
    if meta.get(UNKNOWN):
        return None
    return _key(meta.get("REMOTE_ADDR") or "")


@lru_cache(maxsize=4096)
def _key(said: str) -> str | None:
    try:
        address = ip_address(said)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(IPv6Network((int(address), _ONE_CUSTOMER), strict=False).network_address)
    return str(address)
