"""The way to "is it you?" and back. The question is asked on the site, where passkeys work.

Workspaces below the site share its session, so the way back is a plain address of ours. A domain of a
workspace's own has another session: it sends a signed note of who asks, and gets one back that says
when the site last saw them. Nobody else can make either, so neither leads anywhere else.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from identity import cookies

RETURN = "/sign-in/again/"  # on a domain of a workspace's own
_ASKING, _VOUCHING = "identity.security.asking", "identity.security.vouching"
_ASKING_SECONDS, _VOUCHING_SECONDS = 30 * 60, 60


@dataclass(frozen=True)
class Asking:
    """Who asks from a domain of a workspace's own; `session` is a hash of their session's key there."""

    origin: str
    path: str
    user: str
    session: str


def to_the_question(request: HttpRequest) -> HttpResponse:
    """To the site's page; htmx goes there as a whole, it would swap the page into a corner."""
    if cookies.foreign_host(request):
        query = {"for": signing.dumps(asdict(_asking(request)), salt=_ASKING, compress=True)}
    else:
        query = {"next": f"{_origin(request)}{back_path(request)}"}
    path = reverse("identity_account:again", urlconf=settings.PUBLIC_SCHEMA_URLCONF)
    there = f"{settings.SITE_URL}{path}?{urlencode(query)}"
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401, headers={"HX-Redirect": there})
    return HttpResponseRedirect(there)


def back_path(request: HttpRequest) -> str:
    """Where they go on: this page, or for a form the page that it stands on. Always on this host."""
    if request.method in {"GET", "HEAD"} and not request.headers.get("HX-Request"):
        return request.get_full_path()
    came_from = request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    try:
        parts = urlsplit(came_from)
    except ValueError:
        return "/"
    if parts.netloc.lower() != request.META.get("HTTP_HOST", "").lower():
        return "/"
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return path if is_path(path) else "/"


def is_path(text: str) -> bool:
    """Whether it is a path on the same host, and nothing that a browser takes for an address."""
    return text.startswith("/") and url_has_allowed_host_and_scheme(text, allowed_hosts=None)


def asking(note: str) -> Asking | None:
    """What a note from a workspace's own domain says; None when it is not ours, or old."""
    try:
        return Asking(**signing.loads(note, salt=_ASKING, max_age=_ASKING_SECONDS))
    except (signing.BadSignature, TypeError):
        return None


def back_with_word(asked: Asking, *, at: float) -> str:
    """The address on their domain that takes our word for when we last saw them."""
    word = signing.dumps({**asdict(asked), "at": at}, salt=_VOUCHING, compress=True)
    return f"{asked.origin}{RETURN}?{urlencode({'word': word})}"


def word_for(request: HttpRequest) -> tuple[float, str] | None:
    """When the site last saw this session's person, and the path they want; None without its word."""
    try:
        said = signing.loads(request.GET.get("word", ""), salt=_VOUCHING, max_age=_VOUCHING_SECONDS)
    except signing.BadSignature:
        return None
    here = _asking(request)
    if (said["origin"], said["user"], said["session"]) != (here.origin, here.user, here.session):
        return None
    return float(said["at"]), str(said["path"])


def _asking(request: HttpRequest) -> Asking:
    key = request.session.session_key or ""
    return Asking(
        origin=_origin(request),
        path=back_path(request),
        user=str(request.user.pk),
        session=hashlib.sha256(key.encode()).hexdigest(),
    )


def _origin(request: HttpRequest) -> str:
    """Of the host that was asked, which the middleware knows, with the port that browsers see."""
    host = cookies.host_of(request)
    return f"{settings.PUBLIC_SCHEME}://{host}{settings.PUBLIC_PORT_SUFFIX}"
