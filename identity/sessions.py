"""Sessions that are good only where they began.

A workspace's own domain is in its owner's hands: whoever runs its DNS can read the cookies that
browsers send there. So a session that began on such a domain says so, and is nobody's session
anywhere else; and one of the site is nobody's there. This is Django's engine with that one rule, and
it writes a new session once, with the answer, instead of also before its content is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control
from django.utils.crypto import get_random_string

from events import new_rows
from identity import cookies

_HOST = "_host"


class SessionStore(DatabaseStore):
    """`host` is "" on the site and the workspaces below it, else the domain."""

    def __init__(self, session_key: str | None = None, *, host: str = "") -> None:
        super().__init__(session_key)
        self.host = host
        self.has_former_name = False  # of the cookie that brought it
        self._is_new = False
        self._written: bytes | None = None  # what `write` has stored

    def load(self) -> dict[str, Any]:
        data: dict[str, Any] = super().load()
        if data and data.get(_HOST, "") != self.host:
            self._session_key = None
            return {}
        return data

    def create(self) -> None:
        """A session of its own from here on; `save` writes it."""
        self._session_key = self._get_new_session_key()
        self._session_cache = getattr(self, "_session_cache", {})  # there is no row to load
        self._is_new = self.modified = True

    def cycle_key(self) -> None:
        """Another key for the same session: the list of sign-ins goes with it."""
        from identity.signing_in import sign_ins

        before, is_known = self.session_key, SESSION_KEY in self
        data = self._session_cache  # it was loaded by the question before
        self.create()
        self._session_cache = data
        if before and is_known:  # first: what began with this session ends when its row goes
            sign_ins.renamed(before, self.session_key or "")
        if before:
            self.delete(before)

    def save(self, must_create: bool = False) -> None:
        if self.session_key is None:
            self.create()
        if self._written is not None and self._written == self._said():
            return
        super().save(must_create=must_create or self._is_new)
        self._is_new = False

    def write(self) -> None:
        """Save now, in the transaction that is open: what fails there undoes all of it. With the
        answer it is written again only if it says something else by then."""
        if self.session_key is None:
            self.create()
        row = self.create_model_instance(dict(self.items()))
        if self._is_new:
            new_rows.insert(row)
        else:
            row.save(force_update=True)
        self._is_new, self._written = False, self._said()

    def _said(self) -> bytes:
        said: bytes = self.serializer().dumps(dict(self.items()))
        return f"{self.session_key} ".encode() + said

    def _get_new_session_key(self) -> str:
        """160 random bits: nobody has it, and the insertion would notice."""
        return get_random_string(32, VALID_KEY_CHARS)

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        return super().create_model_instance({**data, _HOST: self.host} if self.host else data)


def began_on(data: Mapping[str, Any]) -> str:
    """The domain of a workspace's own that a session began on; "" for the site and what is below."""
    return str(data.get(_HOST, ""))


def write(request: HttpRequest) -> None:
    """Store what the session says, in the transaction that is open."""
    if isinstance(request.session, SessionStore) and request.session.modified:
        request.session.write()


class HostSessionMiddleware(SessionMiddleware):
    """Opens the session for the host that was asked."""

    def process_request(self, request: HttpRequest) -> None:
        key, is_former = cookies.value_of(request, settings.SESSION_COOKIE_NAME)
        request.session = SessionStore(key, host=cookies.foreign_host(request))
        request.session.has_former_name = is_former

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        from identity.signing_in import sign_ins

        session = request.session
        if not session.accessed and not session.modified:
            return response  # also with a cookie that is none: the answer may be for everybody
        if session.accessed and getattr(session, "has_former_name", False):
            session.modified = True  # so that the answer brings the new name
        if response.status_code < 500:  # a failed request's session is not written
            sign_ins.see(request)
        response = super().process_response(request, response)
        if session.accessed and "Cache-Control" not in response.headers:
            patch_cache_control(
                response, private=True
            )  # it may be of one person: no cache keeps it
        return response
