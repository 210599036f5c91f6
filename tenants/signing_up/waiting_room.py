"""Under the highest pressure sign-up has a waiting room: a place in line, on a signed ticket.

The ticket is a cookie, so a reload keeps the place, and nothing is needed but a browser that comes
again. Who was invited, holds a link that we signed, or has signed in here before passes. While Redis is
away nobody has a place; then each process lets in so many a second.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import structlog
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from redis.exceptions import RedisError

from events import limits, shedding
from events.redis import UNAVAILABLE
from tenants.pressure import SIGNUP
from tenants.signing_up import admission, line
from tenants.signing_up.line import Place, Turn

log = structlog.get_logger()
COOKIE = "plg_place"
_SALT = "tenants.waiting_room"
_GOOD_FOR = 6 * 3600  # seconds of a ticket
_BY_PROCESS = "by process"  # the line of those who were let in while Redis was away
_SOONEST, _LATEST = 3, 15  # seconds between two looks of who waits


@dataclass(frozen=True)
class Waiting:
    """Somebody who asks. `place` None: nobody knows any, they come again."""

    place: Place | None
    may_enter: bool

    @property
    def refresh(self) -> int:
        """Seconds until the page asks again."""
        if self.place is None or self.place.turn is Turn.FULL:
            return _LATEST
        return min(_LATEST, max(_SOONEST, self.place.seconds // 4))

    @property
    def about(self) -> str:
        """How long it takes, in words."""
        seconds = self.place.seconds if self.place else 0
        if seconds < 60:
            return "less than a minute"
        minutes = -(-seconds // 60)
        return f"about {minutes} minutes" if minutes < 90 else f"about {-(-minutes // 60)} hours"


def is_open(request: HttpRequest) -> bool:
    """Whether this one has to wait in it."""
    return shedding.is_shed(SIGNUP) and not admission.is_expected(request)


def look(request: HttpRequest, *, now: float | None = None) -> Waiting:
    """Where they are, with a new place for who has none."""
    now = time.time() if now is None else now
    name, number = _ticket(request, now)
    try:
        place = line.ask(name, number, now=now)
    except (*UNAVAILABLE, RedisError) as error:
        log.info("waiting_room_by_process", error=str(error))
        return _by_process(name, now)
    if place.turn is Turn.WAITS:
        shedding.count(SIGNUP)
    return Waiting(place, place.turn is Turn.IN)


def enter(request: HttpRequest, *, now: float | None = None) -> Waiting:
    """With a form that is whole: take the turn. Where there is none yet, the place."""
    now = time.time() if now is None else now
    name, number = _ticket(request, now)
    try:
        if name != _BY_PROCESS and line.use(name, number, now=now):
            return Waiting(Place(name, number, Turn.IN), may_enter=True)
        waiting = look(request, now=now)
        place = waiting.place
        if place and place.turn is Turn.IN and line.use(place.line, place.number, now=now):
            return waiting
        return Waiting(place, may_enter=waiting.may_enter and place is None)
    except (*UNAVAILABLE, RedisError):
        return _by_process(name, now)


def leave(waiting: Waiting, *, now: float | None = None) -> None:
    """The form came back after all: the turn is theirs again."""
    place = waiting.place
    if place is None or place.turn is not Turn.IN:
        return
    try:
        line.give_back(place.line, place.number, now=time.time() if now is None else now)
    except (*UNAVAILABLE, RedisError) as error:
        log.info("waiting_room_by_process", error=str(error))


def page(request: HttpRequest, waiting: Waiting) -> HttpResponse:
    """The page of who waits: it asks again by itself, and needs neither session nor database."""
    return _shown(request, waiting, "tenants/waiting_room.html")


def part(request: HttpRequest, waiting: Waiting) -> HttpResponse:
    """The same, to stand in a page with a form that was filled in."""
    return _shown(request, waiting, "tenants/waiting_room_part.html")


def remember(response: HttpResponse, waiting: Waiting, *, now: float | None = None) -> None:
    """Give them their ticket."""
    now = time.time() if now is None else now
    place = waiting.place
    if place is not None and place.number:
        said: list[object] = [place.line, place.number, now]
    elif place is None and waiting.may_enter:
        said = [_BY_PROCESS, 1, now]
    else:
        return
    response.set_cookie(
        COOKIE,
        signing.dumps(said, salt=_SALT),
        max_age=_GOOD_FOR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _shown(request: HttpRequest, waiting: Waiting, template: str) -> HttpResponse:
    response = render(request, template, {"waiting": waiting, "place": waiting.place})
    patch_cache_control(response, no_store=True)
    if not waiting.may_enter:  # by the header, which browsers obey without JavaScript
        response["Refresh"] = str(waiting.refresh)
    remember(response, waiting)
    return response


def _by_process(name: str, now: float) -> Waiting:
    """Who was let in so once need not be lucky again."""
    if name == _BY_PROCESS:
        return Waiting(None, may_enter=True)
    taken = limits.take(settings.SIGNUPS_FROM_WAITING_ROOM, "signup-waiting-room")
    return Waiting(None, may_enter=not taken.over)


def _ticket(request: HttpRequest, now: float) -> tuple[str, int]:
    """The line and the number; ("", 0) for who has none that is good."""
    try:
        name, number, at = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return "", 0
    return (str(name), int(number)) if now - float(at) <= _GOOD_FOR else ("", 0)
