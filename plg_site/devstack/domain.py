"""`bin/dev --domain NAME`: a domain of one's own whose names all lead to this machine.

Chrome and Firefox find `*.localhost` by themselves; Safari, Node and programs that ask the C library do
not. With a wildcard record (`*.NAME` to 127.0.0.1) every program finds the site and the workspaces.
"""

import ipaddress
import re
import socket
from collections.abc import Mapping

NAME = re.compile(
    r"(?=.{1,200}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]"
)
SITE, FILES = (
    "plg",
    "plg-files",
)  # uploads are never below the site, whose cookies they must not see


class NotOurs(Exception):
    """The domain does not lead to this machine; the message says what to do."""


def variables(name: str) -> dict[str, str]:
    """What tells the processes that they are found there. Raises NotOurs."""
    name = name.lower().rstrip(".")
    if not NAME.fullmatch(name):
        raise NotOurs(f"{name!r} is no domain: give one like dev.example.com, without http://.")
    hosts = {"SITE_DOMAIN": f"{SITE}.{name}", "FILES_DOMAIN": f"{FILES}.{name}"}
    for host in (*hosts.values(), f"any-workspace.{hosts['SITE_DOMAIN']}"):
        _must_lead_here(host, name)
    return {**hosts, "APP_DOMAIN": hosts["SITE_DOMAIN"]}


def given(name: str | None, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment with that domain, where one was named. Raises NotOurs."""
    return {**environ, **(variables(name) if name else {})}


def _must_lead_here(host: str, name: str) -> None:
    record = f"Make a DNS record *.{name} that leads to 127.0.0.1"
    try:
        found = {each[4][0] for each in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except OSError as error:
        raise NotOurs(
            f"{host} is not found ({error}). {record}. Some routers drop answers that name loopback "
            "(DNS rebinding protection): allow this domain there."
        ) from None
    others = sorted(str(each) for each in found if not ipaddress.ip_address(each).is_loopback)
    if others:
        raise NotOurs(f"{host} leads to {', '.join(others)}, and not to this machine. {record}.")
