"""A visit of a page of the website, as the page's own script tells it (static/js/site.js).

Pages come out of caches, so their delivery says nothing of who reads them. The script sends one
message a visit, a JSON object of parts, each of which may be absent; a part that nobody knows is left
alone, so that the script and this may be of different releases:

    {"view": {"path": "/pricing/", "referrer": "https://…"},   a page that somebody looks at
     "consent": {"answer": "yes", "where": "/pricing/"},      somebody has answered the banner
     "private": true}                                         the browser asks not to be followed

The answer is 204 and, where that is allowed, brings the number that tells one visitor from another.
A browser that asks not to be followed (Sec-GPC, DNT, `private`), and one that has not consented where
that is asked for, gets no number: its visit is counted and is nobody's, also of who is signed in.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

import events
from cms import slots
from cms.event_types import PAGE_VIEWED
from cms.releases import shelf
from events import limits

_LONGEST = 500  # characters of a referrer
_OUR_OWN = "same-origin"


@csrf_exempt  # a page that is the same for everybody has no token; the browser says whose page it was
@never_cache
@require_POST
def visits(request: HttpRequest) -> HttpResponse:
    """Take one message. 204, also where nothing is to be counted; 400, 403 and 429 as problems (and
    413: the table of plg_site.web.request_bodies has how much may come)."""
    if not _is_of_our_page(request):
        return _problem(HTTPStatus.FORBIDDEN, "Only pages of this site tell of visits.")
    if wait := _seconds_to_wait(request):
        refused = _problem(HTTPStatus.TOO_MANY_REQUESTS, "Too many visits from this address.")
        refused["Retry-After"] = str(wait)
        return refused
    try:
        message = _read(request.body)
    except ValueError as error:
        return _problem(HTTPStatus.BAD_REQUEST, str(error))
    response = HttpResponse(status=HTTPStatus.NO_CONTENT)
    del response["Content-Type"]
    may_know = slots.get("number")(request, response, refused=message.get("private") is True)
    if answer := message.get("consent"):
        slots.get("consent")(request, answer)
    if view := message.get("view"):
        _record(request, view, may_know=may_know)
    return response


def _record(request: HttpRequest, view: dict[str, Any], *, may_know: bool) -> None:
    """A page that is public now; its title is ours to say, and no other address is counted."""
    release = shelf.current()
    path = unquote(str(view.get("path", "")))
    entry = release and release.entries.get(path.removeprefix("/"))
    if release is None or not entry or not entry.title or not path.startswith("/"):
        return
    events.record(
        PAGE_VIEWED.name,
        anonymous_id=getattr(request, "anonymous_id", None) if may_know else None,
        context=slots.get("whose")(request) if may_know else {},
        properties={
            "path": path,
            "title": entry.title,
            "referrer": _came_from(str(view.get("referrer", "")), release),
        },
    )


def _came_from(said: str, release: shelf.Release) -> str:
    """Without query and fragment, which may be of one person; of our own pages only public ones,
    since the address of another (an invitation) may open something."""
    try:
        parts = urlsplit(said[: 4 * _LONGEST])
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host or not said.isprintable():
        return ""
    is_ours = host == settings.SITE_DOMAIN
    if not is_ours and host.endswith((f".{settings.SITE_DOMAIN}", f".{settings.APP_DOMAIN}")):
        return ""
    if is_ours and unquote(parts.path).removeprefix("/") not in release.entries:
        return ""
    return f"{parts.scheme}://{host}{port}{parts.path}"[:_LONGEST]


def _is_of_our_page(request: HttpRequest) -> bool:
    """Browsers say so with a header that no page can set; older ones by the origin."""
    said = request.headers.get("Sec-Fetch-Site")
    if said is not None:
        return said == _OUR_OWN
    return request.headers.get("Origin") == settings.SITE_URL


def _seconds_to_wait(request: HttpRequest) -> int:
    key = limits.address_key(request.META)
    if key is None:
        taken = limits.take(settings.VISITS_FROM_UNKNOWN, "visits-unknown")
    else:
        taken = limits.take(settings.VISITS_BY_ADDRESS, f"visits:{key}")
    return max(1, round(taken.retry_after)) if taken.over else 0


def _read(body: bytes) -> dict[str, Any]:
    """Raises ValueError in words."""
    try:
        message = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise ValueError("This is not JSON.") from error
    if not isinstance(message, dict):
        raise ValueError("A message is a JSON object.")
    for part in ("view", "consent"):
        if not isinstance(message.get(part, {}), dict):
            raise ValueError(f"A message is a JSON object, and so is its {part}.")
    return message


def _problem(status: HTTPStatus, words: str) -> HttpResponse:
    said = {"type": "about:blank", "title": status.phrase, "status": status, "detail": words}
    return JsonResponse(said, status=status, content_type="application/problem+json")
