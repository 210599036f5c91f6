"""The line of a request. Everything in it is the server's own word or a number, never a client's text."""

from __future__ import annotations

import logging
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from plg_site.logs.configuring import READY

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"
_log = logging.getLogger("requests")


def write(
    *,
    route: str,
    method: str,
    status: int,
    seconds: float,
    size: int,
    workspace: str = "",
    client: str = "",
    request_id: str = "",
    trace_id: str = "",
) -> None:
    """One line. `client` is the address as it is known, and stands there cut; `size` is in bytes."""
    line: dict[str, Any] = {
        "event": "request", "route": route, "method": known(method), "status": status,
        "ms": round(seconds * 1000, 1), "bytes": size,
    }  # fmt: skip
    if workspace:
        line["tenant"] = workspace
    if client and (shown := cut(client)):
        line["client"] = shown
    line["request_id"] = request_id
    if trace_id:
        line["trace_id"] = trace_id
    _log.info("request", extra={READY: line})


def known(method: str) -> str:
    """The method, or "other" for one that a client has made up."""
    return method if method in METHODS else OTHER


@lru_cache(maxsize=1024)
def cut(address: str) -> str:
    """The network that an address lies in: IPv4 by /24, IPv6 by /48. "" for what is no address."""
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return str(ip_network((found, 48 if found.version == 6 else 24), strict=False))
