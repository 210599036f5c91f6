"""Who asks: found once, in front of everything, from what the proxies in between have said.

Every proxy appends the address that it saw to `X-Forwarded-For`. The list is walked from the right,
for as long as those who wrote it are declared (TRUSTED_PROXIES): the first address that is no such
proxy is the client's, and is REMOTE_ADDR for all that follows. What stands further left was written
by the client itself. A forwarded header from anybody else is not believed, and `doctor` names the
peer. One whose address is not of the public internet may be a proxy of ours that nobody declared:
then nobody knows whose the address is, and it is no key for a limit. Anybody else wrote the header
itself, which changes nothing: their address is the client's.

The scheme is PUBLIC_SCHEME, unless a declared proxy says that this one request came without TLS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from events.limits import FORWARDED, UNKNOWN
from plg_site.web import undeclared_proxies

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# What only a declared proxy may say of a request: which id it has, and which trace it belongs to. A
# client that could would hide among others' lines, and decide what is traced.
OF_PROXIES = ("HTTP_X_REQUEST_ID", "HTTP_TRACEPARENT", "HTTP_TRACESTATE", "HTTP_BAGGAGE")
UNIX = "unix"  # in place of a network: who comes through a unix socket is our own proxy


class Trusted:
    """The proxies that are believed: networks in CIDR form, single addresses, and "unix".

    Raises ImproperlyConfigured.
    """

    def __init__(self, said: Sequence[str]) -> None:
        self._sockets = UNIX in said
        try:
            self._networks = [ip_network(each) for each in said if each != UNIX]
        except ValueError as error:
            raise ImproperlyConfigured(
                f"TRUSTED_PROXIES has networks such as 10.0.0.0/8 or fd00::/8: {error}."
            ) from None
        # There are few proxies and many requests.
        self.includes = lru_cache(maxsize=1024)(self._includes)

    def _includes(self, peer: str) -> bool:
        """Whether this peer is one of them; "" is a unix socket."""
        if not peer:
            return self._sockets
        address = parse(peer)
        return address is not None and any(address in network for network in self._networks)


class ClientAddress:
    """A WSGI application that settles who asks, and then hands on."""

    def __init__(self, application: Application, *, trusted: Sequence[str], scheme: str) -> None:
        self._application = application
        self._trusted = Trusted(trusted)
        self._scheme = scheme

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        settle(environ, trusted=self._trusted, scheme=self._scheme)
        if peer := environ.get("plg.undeclared_proxy"):
            undeclared_proxies.remember(peer)
        return self._application(environ, start_response)


def settle(environ: Environ, *, trusted: Trusted, scheme: str) -> None:
    """Set REMOTE_ADDR, the scheme, and the mark of an address that is not the client's."""
    peer = environ.get("REMOTE_ADDR") or ""
    said = environ.pop("HTTP_X_FORWARDED_PROTO", "")
    environ["wsgi.url_scheme"] = scheme
    if trusted.includes(peer):
        if scheme == "https" and said.rpartition(",")[2].strip().lower() == "http":
            environ["wsgi.url_scheme"] = "http"
        client = walk(environ.get("HTTP_X_FORWARDED_FOR", ""), trusted=trusted)
        if client is None:  # a proxy's address is no client's
            environ[UNKNOWN] = True
        else:
            environ["REMOTE_ADDR"] = client
        return
    for name in OF_PROXIES:
        environ.pop(name, None)
    if any(name in environ for name in FORWARDED):
        environ["plg.undeclared_proxy"] = peer or UNIX
        if is_inside(peer):
            environ[UNKNOWN] = True


@lru_cache(maxsize=1024)
def is_inside(peer: str) -> bool:
    """Whether this peer came from this machine or a network that the public internet does not reach
    (private, link-local, a provider's own): where proxies of ours stand."""
    address = parse(peer)
    return address is None or not address.is_global


def walk(forwarded: str, *, trusted: Trusted) -> str | None:
    """The client in an `X-Forwarded-For` that a declared proxy has sent; None where it does not say.

    Where all are declared proxies, one of them has asked on its own behalf.
    """
    for hop in reversed(forwarded.split(",")):
        address = parse(hop)
        if address is None:  # "unknown", an empty header: who is behind that, nobody knows
            return None
        if not trusted.includes(str(address)):
            return str(address)
    return None


def parse(said: str) -> Address | None:
    """An address as proxies write it: with a port or brackets, IPv4 within IPv6; None for others."""
    said = said.strip().strip('"')
    if said.startswith("["):
        said = said[1:].partition("]")[0]
    elif said.count(":") == 1:
        said = said.partition(":")[0]
    try:
        address = ip_address(said.partition("%")[0])  # fe80::1%eth0 is the same to everybody else
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address
