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
from collections.abc import Hashable
from functools import cache, lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any, NamedTuple
from uuid import UUID

from crawlerdetect import CrawlerDetect
from django.conf import settings

import events
from identity import cookies
from identity.requests import VisitorRequest
from tenants.short_memory import ShortMemory

ROBOT, REPEATED, LIMIT = "robot", "repeated", "limit"
_OTHERWISE = {"counted": False, "reason": REPEATED}
_LONGEST = 512  # characters of a browser's name that matter
_DAY = 24 * 60 * 60.0
_SOONER = 0.95  # Redis forgets a client a little before the process does
_UNKNOWN = "plg.address_unknown"  # in the environ: REMOTE_ADDR is that of a proxy nobody declared


class Verdict(NamedTuple):
    """Why a click does not count ("": it does), and the id of the visitor that it is recorded under.

    `first` asks the other processes whether they have seen the client; None: nothing is to be asked.
    """

    reason: str
    visitor: UUID | None
    first: events.First | None = None


class Times:
    """How often a key came within a window that begins with its first time. Threads may share it."""

    def __init__(self, *, most: int) -> None:
        self._most = most
        # By key: the window's end, how often; oldest first.
        self._kept: dict[Hashable, list[float]] = {}
        self._lock = threading.Lock()

    def add(self, key: Hashable, *, seconds: float) -> int:
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


# Keys are numbers that a process makes for itself: no address stays in its memory.
_clients = Times(most=50_000)
_addresses = Times(most=50_000)
_ids: ShortMemory[int, UUID] = ShortMemory(seconds=_DAY, most=50_000)


def forget_clicks() -> None:
    """Know of no earlier click: as if the window were over. For tests."""
    _clients.clear()
    _addresses.clear()


def forget_all() -> None:
    """Know of no earlier click and no client. For tests."""
    forget_clicks()
    _ids.clear()


def judge(request: VisitorRequest, *, schema: str, link_id: UUID) -> Verdict:
    """Whether this request for a link of the workspace counts, as far as this process knows.

    This is in the way of every click: what it does costs a few microseconds.
    """
    said, given = request.META, request.anonymous_id
    browser: str = said.get("HTTP_USER_AGENT", "")[:_LONGEST]
    address = None if said.get(_UNKNOWN) else _network(said.get("REMOTE_ADDR") or "")
    known = given is not None and "HTTP_COOKIE" in said and _is_brought(request, given)
    visitor = given
    if given is not None and not known and address is not None:
        visitor = _given_before(hash((schema, address, browser)), given)
    if is_robot(browser):
        return Verdict(ROBOT, visitor)
    seconds = settings.CLICK_WINDOW_SECONDS
    if not seconds or (address is None and not known):
        return Verdict("", visitor)
    client: Hashable = given if known else (address, browser)
    if _clients.add(hash((link_id, client)), seconds=seconds) > 1:
        return Verdict(REPEATED, visitor)
    if given is not None and not known:  # it may come again with the id that it is given now
        _clients.add(hash((link_id, given)), seconds=seconds)
    if address is not None and (
        _addresses.add(hash((link_id, address)), seconds=seconds) > settings.CLICKS_PER_ADDRESS
    ):
        return Verdict(REPEATED, visitor)
    return Verdict("", visitor, _ask(link_id, client, given, seconds))


def _ask(link_id: UUID, client: Hashable, given: UUID | None, seconds: float) -> events.First:
    """What to ask of all processes. Link and id are random; an address is kept as a keyed hash."""
    issued = f"{link_id}{given}" if given is not None else ""
    if client is given:
        return events.First(issued, _SOONER * seconds, _OTHERWISE)
    digest = _base(settings.SECRET_KEY).copy()
    digest.update(f"{link_id} {client}".encode())
    return events.First(digest.hexdigest(), _SOONER * seconds, _OTHERWISE, also=issued)


def _given_before(client: int, given: UUID) -> UUID:
    """The id of a client that keeps none: the first that it was given today."""
    known = _ids.get(client)
    if known is None:
        _ids.keep(client, given)
        return given
    return known


@lru_cache(maxsize=10_000)
def is_robot(user_agent: str) -> bool:
    """Whether the client calls itself one, by the list that crawlerdetect keeps."""
    return bool(_detector().is_crawler(user_agent[:_LONGEST])) if user_agent else False


@cache
def _detector() -> CrawlerDetect:
    return CrawlerDetect()


@lru_cache(maxsize=10_000)
def _network(said: str) -> str | None:
    """The client's address; of IPv6 the network of a customer (/64). None for what is none."""
    try:
        address = ip_address(said)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or address.packed[:8].hex())
    return str(address)


def _is_brought(request: VisitorRequest, given: UUID) -> bool:
    """Whether the id is the browser's own, not one that this answer gives it."""
    brought, _ = cookies.value_of(request, settings.VISITOR_COOKIE_NAME)
    return (brought or "").lower() == str(given)


@cache
def _base(secret: str) -> Any:
    key = hashlib.sha256(secret.encode()).digest()
    return hashlib.blake2b(digest_size=16, key=key)
