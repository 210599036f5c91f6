"""Which addresses a property may register: whole ones, that nobody else can answer for."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_ODD = re.compile(r"[\x00-\x20\x7f\\*#]")


class NotWhole(Exception):
    """This address cannot be registered; the message says why."""


def check(url: str, *, loopback: bool) -> None:
    """Raises NotWhole. With `loopback`, http on this machine with its port is allowed, for trying
    the provider: nobody on the way can read that, and any program on the machine can answer it."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise NotWhole(f"{url}: this is no address.") from None
    if _ODD.search(url) or "@" in parts.netloc or not host:
        raise NotWhole(
            f"{url}: use a whole https:// address, no wildcard, no fragment, no name before the host."
        )
    if parts.scheme == "https":
        return
    if parts.scheme != "http" or host not in LOOPBACK:
        raise NotWhole(f"{url}: use a whole https:// address.")
    if not loopback:
        raise NotWhole(f"{url}: http is for trying it on this machine: say --loopback.")
    if port is None:
        raise NotWhole(f"{url}: name the port, such as http://{parts.netloc}:8000{parts.path}.")
