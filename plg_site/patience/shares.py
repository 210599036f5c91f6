"""Who may have a thread for a large body while others have one."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any


def may_read(client: Any, others: Sequence[Any], threads: int) -> bool:
    """Half of the threads may read at once, and half of these for one address of the internet.

    A peer is what `accept` says: (address, port, …), or something else for a unix socket.
    """
    most = max(1, threads // 2)
    if len(others) >= most:
        return False
    host = _host(client)
    if not _is_global(host):  # a proxy, or who is at home here
        return True
    return sum(_host(other) == host for other in others) < max(1, most // 2)


def _host(client: Any) -> str:
    return str(client[0]) if isinstance(client, tuple) else ""


def _is_global(host: str) -> bool:
    try:
        return ip_address(host.partition("%")[0]).is_global
    except ValueError:
        return False
