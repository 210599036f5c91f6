"""Whether a click counts: decided at the click, and kept as a property of its event.

A click does not count when it comes

- from a robot that says so: search engines, previews in chats, monitors, scripts ("robot");
- again for the same link from the same client within CLICK_WINDOW_SECONDS: the browser that brings
  the id that it was given, and without one the same address and name of a browser; or from one
  address with ever other names and ids, CLICKS_PER_ADDRESS of them in that time ("repeated");
- at a limit that the workspace has set for itself ("limit").

The process looks into its memory first; what it does not know goes to Redis with the event itself,
where all processes decide together. Without Redis each process holds the rule for itself. Where
nobody knows the client's address (a proxy that is not declared), only a browser's own id tells it.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any
from uuid import UUID

from crawlerdetect import CrawlerDetect
from django.conf import settings

from identity import cookies
from identity.requests import VisitorRequest
from tenants.models import Tenant
from tenants.short_memory import ShortMemory

ROBOT, REPEATED, LIMIT = "robot", "repeated", "limit"
_LONGEST = 512  # characters of a browser's name that matter
_DAY = 24 * 60 * 60.0
_UNKNOWN = "plg.address_unknown"  # in the environ: REMOTE_ADDR is that of a proxy nobody declared


class Times:
    """How often a key came within a window that begins with its first time. Threads may share it."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        self._kept: dict[
            bytes, list[float]
        ] = {}  # by key: the window's end, how often; oldest first
        self._lock = threading.Lock()

    def add(self, key: bytes, *, seconds: float) -> int:
        """The how manieth time this is."""
        now = time.monotonic()
        with self._lock:
            known = self._kept.get(key)
            if known is not None and known[0] > now:
                known[1] += 1
                return int(known[1])
            self._kept.pop(key, None)
            if len(self._kept) >= self._most:
                self._kept.pop(next(iter(self._kept)))
            self._kept[key] = [now + seconds, 1]
            return 1

    def clear(self) -> None:
        """Know nothing any more."""
        with self._lock:
            self._kept.clear()


_clients = Times(most=50_000)
_addresses = Times(most=50_000)
_ids: ShortMemory[bytes, UUID] = ShortMemory(seconds=_DAY, most=50_000)


def forget_clicks() -> None:
    """Know of no earlier click: as if the window were over. For tests."""
    _clients.clear()
    _addresses.clear()


def forget_all() -> None:
    """Know of no earlier click and no client. For tests."""
    forget_clicks()
    _ids.clear()


def reason_against(request: VisitorRequest, keys: Sequence[bytes], *, place: bytes) -> str:
    """Why this click does not count, as far as this process knows; "" when it does.

    `keys` are of `keys_of`; `place` names the link.
    """
    if is_robot(request.META.get("HTTP_USER_AGENT", "")):
        return ROBOT
    seconds = settings.CLICK_WINDOW_SECONDS
    if not keys or not seconds:
        return ""
    if _clients.add(keys[0], seconds=seconds) > 1:
        return REPEATED
    for also in keys[1:]:
        _clients.add(also, seconds=seconds)
    address = address_of(request.META)
    if address is not None:
        from_there = _digest(place, address.encode())
        if _addresses.add(from_there, seconds=seconds) > settings.CLICKS_PER_ADDRESS:
            return REPEATED
    return ""


def keys_of(request: VisitorRequest, *, place: bytes) -> Sequence[bytes]:
    """The client and the link, as nobody can read it; none where nothing tells the client.

    The second is what the client will be known by when it comes again with the id it is given now.
    """
    given = request.anonymous_id
    if given is not None and _brings_id(request):
        return [_digest(place, given.bytes)]
    client = _client(request)
    if client is None:
        return []
    return [_digest(place, client), *([_digest(place, given.bytes)] if given else [])]


def place_of(tenant: Tenant, link_id: UUID) -> bytes:
    """A name for the link."""
    return f"{tenant.schema_name} {link_id.hex}".encode()


def visitor_of(request: VisitorRequest, tenant: Tenant) -> UUID | None:
    """The id that the click is recorded under.

    That of the browser's cookie. A client that brings none gets a new one with each answer, and is
    taken for one visitor a day nevertheless, by each process.
    """
    given = request.anonymous_id
    if given is None or _brings_id(request):
        return given
    client = _client(request)
    if client is None:
        return given
    key = _digest(tenant.schema_name.encode(), client)
    known = _ids.get(key)
    if known is None:
        _ids.keep(key, given)
        return given
    return known


@lru_cache(maxsize=10_000)
def is_robot(user_agent: str) -> bool:
    """Whether the client calls itself one, by the list that crawlerdetect keeps."""
    return bool(_detector().is_crawler(user_agent[:_LONGEST])) if user_agent else False


@cache
def _detector() -> CrawlerDetect:
    return CrawlerDetect()


def address_of(meta: Mapping[str, Any]) -> str | None:
    """The client's address; of IPv6 the network of a customer (/64). None where nobody knows it."""
    return None if meta.get(_UNKNOWN) else _network(meta.get("REMOTE_ADDR") or "")


@lru_cache(maxsize=10_000)
def _network(said: str) -> str | None:
    try:
        address = ip_address(said)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or address.packed[:8].hex())
    return str(address)


def _client(request: VisitorRequest) -> bytes | None:
    """A client that brings no id: its address and the name of its browser."""
    address = address_of(request.META)
    if address is None:
        return None
    return f"{address} {request.META.get('HTTP_USER_AGENT', '')[:_LONGEST]}".encode()


def _brings_id(request: VisitorRequest) -> bool:
    """Whether the id is the browser's own, not one that this answer gives it."""
    if "HTTP_COOKIE" not in request.META:
        return False
    known, _ = cookies.value_of(request, settings.VISITOR_COOKIE_NAME)
    return (known or "").lower() == str(request.anonymous_id)


def _digest(*parts: bytes) -> bytes:
    """What an address is kept as: only who has our secret could tell whose it is."""
    return hashlib.blake2b(b"\0".join(parts), digest_size=16, key=_secret()).digest()


def _secret() -> bytes:
    return _hashed_secret(settings.SECRET_KEY)


@cache
def _hashed_secret(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
