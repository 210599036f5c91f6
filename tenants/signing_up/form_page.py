"""The page of the form, put together once a second at most: it is the same for all but for three tokens.

Who was here before (a session, a message that waits) or brings something along (a query) gets a page of
their own. What the others see is a second old at the most: terms that were published, say. The three
tokens are new on every page: Django's own against forged requests, and the form's with the moment at which
it was loaded (`admission`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.utils import translation

from identity import cookies
from tenants.hosts import ShortMemory
from tenants.signing_up import admission

_CSRF, _TOKEN, _SEEN = _NAMES = ("csrfmiddlewaretoken", "token", "seen")
_HOLE = re.compile(rf'( name="({"|".join(_NAMES)})" value=")[^"]*')
_MESSAGES = "messages"  # the cookie of django.contrib.messages
_kept: ShortMemory[str, _Page] = ShortMemory(seconds=1.0, most=20)


@dataclass(frozen=True)
class _Page:
    """Pieces of text, and between them the names of what stands there."""

    pieces: tuple[str, ...]
    holes: tuple[str, ...]
    content_type: str

    @classmethod
    def of(cls, response: HttpResponse) -> _Page | None:
        """None for one that does not have each token once: nobody may get another's."""
        text = response.content.decode()
        pieces, holes, end = [], [], 0
        for found in _HOLE.finditer(text):
            pieces.append(text[end : found.end(1)])
            holes.append(found[2])
            end = found.end()
        if response.status_code != 200 or response.cookies or sorted(holes) != sorted(_NAMES):
            return None
        return cls((*pieces, text[end:]), tuple(holes), response["Content-Type"])

    def fresh(self, request: HttpRequest) -> HttpResponse:
        token = uuid4()
        said = {
            _CSRF: get_token(request),
            _TOKEN: str(token),
            _SEEN: admission.form_token(token),
        }
        filled = [self.pieces[0]]
        for hole, piece in zip(self.holes, self.pieces[1:], strict=True):
            filled += (said[hole], piece)
        return HttpResponse("".join(filled), content_type=self.content_type)


def answer(request: HttpRequest, make: Callable[[], Any]) -> HttpResponse:
    """The page for this request; `make` renders one where it is needed."""
    if not _is_anybodys(request):
        response: HttpResponse = make()
        return response
    language = translation.get_language() or ""
    if (page := _kept.get(language)) is not None:
        return page.fresh(request)
    made = make()
    if hasattr(made, "render"):
        made.render()
    if (page := _Page.of(made)) is not None:
        _kept.keep(language, page)
    return made


def forget() -> None:
    """What this process has kept. For tests, whose settings change at once."""
    _kept.clear()


def _is_anybodys(request: HttpRequest) -> bool:
    """Whether nothing on the page can be of whoever asks."""
    if request.method != "GET" or request.META.get("QUERY_STRING"):
        return False
    if get_adapter().is_ajax(request):  # allauth answers with the form as JSON
        return False
    session, _ = cookies.value_of(request, settings.SESSION_COOKIE_NAME)
    return session is None and _MESSAGES not in request.COOKIES
