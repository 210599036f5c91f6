"""Whether a click counts: decided at the click, and kept as a property of its event.

A click does not count when it comes

- from a robot that says so: search engines, previews in chats, monitors, scripts ("robot");
- again for the same link from the same client within CLICK_WINDOW_SECONDS: the browser that brings
  the id that it was given, and without one the same address and name of a browser; or from one
  address with ever other names and ids, CLICKS_PER_ADDRESS of them in that time ("repeated");
- in the same way where nobody knows the client's address (a proxy that is not declared): there a
  client is what the proxy says of it, with the name of its browser, and whatever is said, no more
  than CLICKS_FROM_UNKNOWN count that came through one proxy ("unknown");
- at a limit that the workspace has set for itself ("limit").

The process looks into its memory first; what it does not know goes to Redis with the event itself,
where all processes decide together. Without Redis each process holds the rule for itself.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Hashable, Mapping
from functools import cache, lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from crawlerdetect import CrawlerDetect
from django.conf import settings

import events
from events.limits import FORWARDED, UNKNOWN
from identity import cookies
from identity.requests import VisitorRequest
from tenants.hosts import ShortMemory

ROBOT, REPEATED, NOT_KNOWN, LIMIT = "robot", "repeated", "unknown", "limit"
_OTHERWISE = {reason: {"counted": False, "reason": reason} for reason in (REPEATED, NOT_KNOWN)}
_LONGEST = 512  # characters of a browser's name that matter
_DAY = 24 * 60 * 60.0
_SOONER = 0.95  # Redis forgets a client a little before the process does


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
_places = Times(most=50_000)
_ids: ShortMemory[int, UUID] = ShortMemory(seconds=_DAY, most=50_000)


def forget_clicks() -> None:
    """Know of no earlier click: as if the window were over. For tests."""
    _clients.clear()
    _places.clear()


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
    home = place = None if said.get(UNKNOWN) else _network(said.get("REMOTE_ADDR") or "")
    is_unknown = place is None
    if is_unknown:
        home, place = _said_of(said), f"through {said.get('REMOTE_ADDR')}"
    known = given is not None and "HTTP_COOKIE" in said and _is_brought(request, given)
    visitor = given
    if given is not None and not known and home is not None:
        visitor = _given_before(hash((schema, home, browser)), given)
    if is_robot(browser):
        return Verdict(ROBOT, visitor)
    seconds = settings.CLICK_WINDOW_SECONDS
    if not seconds:
        return Verdict("", visitor)
    if known:
        client: Hashable = given
    else:  # of whom nothing is said, nobody can tell whether they come again
        client = uuid4() if home is None else (home, browser)
    again = NOT_KNOWN if is_unknown else REPEATED
    if _clients.add(hash((link_id, client)), seconds=seconds) > 1:
        return Verdict(again, visitor)
    if given is not None and not known:  # it may come again with the id that it is given now
        _clients.add(hash((link_id, given)), seconds=seconds)
    most = settings.CLICKS_FROM_UNKNOWN if is_unknown else settings.CLICKS_PER_ADDRESS
    if _places.add(hash((link_id, place)), seconds=seconds) > most:
        return Verdict(again, visitor)
    key, group = _keys(link_id, place, client)
    issued = f"{link_id.hex}{given.hex}" if given is not None else ""
    first = events.First(
        issued if known else key, _SOONER * seconds, _OTHERWISE[again], issued, group, most
    )
    return Verdict("", visitor, first)


def _keys(link_id: UUID, place: str | None, client: Hashable) -> tuple[str, str]:
    """Under which all processes know a client and its place: keyed hashes, since an address is in
    them. One goes on from the other, which costs as much as one."""
    digest = _base(settings.SECRET_KEY).copy()
    digest.update(f"{link_id.hex} {place}".encode())
    group = digest.hexdigest()
    digest.update(f" {client}".encode())
    return digest.hexdigest(), group


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


def _said_of(said: Mapping[str, Any]) -> str | None:
    """What a proxy that is not believed says of its client; only to tell one from another. Its own
    words stand at the end."""
    words = " ".join(said[name] for name in FORWARDED if name in said)
    return words[-_LONGEST:].strip() or None


def _is_brought(request: VisitorRequest, given: UUID) -> bool:
    """Whether the id is the browser's own, not one that this answer gives it."""
    brought, _ = cookies.value_of(request, settings.VISITOR_COOKIE_NAME)
    return (brought or "").lower() == str(given)


@cache
def _base(secret: str) -> Any:
    key = hashlib.sha256(secret.encode()).digest()
    return hashlib.blake2b(digest_size=16, key=key)
