"""What a client asks of the authorization endpoint, checked before allauth reads it.

Parameters that we do not support are refused or taken out, so that what discovery says is what holds
(OpenID Connect Core 3.1.2.1 and 3.1.2.6; RFC 6749, 4.1.2.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from allauth.idp.oidc.models import Client
from django.http import HttpRequest, QueryDict
from django.utils import timezone

from identity import signed_in_at
from identity.oidc import clients
from identity.requests import UserRequest

# Said twice, nobody can know which one was meant: such an answer leads back to nobody.
_ONCE = {"client_id", "redirect_uri", "response_type", "state", "nonce", "code_challenge"}
_LONGEST_AGE = 10**9  # seconds
_IGNORED = ("claims",)  # claims_parameter_supported is false


class NobodyToAnswer(Exception):
    """The client or its address is not known: nothing may be sent there."""


class Refused(Exception):
    """An error that goes back to the client; `code` is OAuth's word for it."""

    def __init__(self, code: str, *, to: str, state: str) -> None:
        super().__init__(code)
        self.code, self.to, self.state = code, to, state


@dataclass
class Asked:
    """A request of a known client with one of its own addresses."""

    client: Client
    query: QueryDict
    redirect_uri: str
    state: str
    prompts: frozenset[str]
    max_age: int | None  # seconds

    @property
    def is_silent(self) -> bool:
        return "none" in self.prompts

    def refused(self, code: str) -> Refused:
        return Refused(code, to=self.redirect_uri, state=self.state)

    def wants_sign_in_again(self, request: UserRequest) -> bool:
        """Whether who is signed in is to prove once more who they are. (`max_age=0` means just that.)"""
        if "login" in self.prompts or self.max_age == 0:
            return True
        if self.max_age is None:
            return False
        return timezone.now() - signed_in_at.of(request) > timedelta(seconds=self.max_age)

    def said_again(self) -> None:
        """The person was asked: what asked for it goes, or they would be asked for ever."""
        self._put("prompt", " ".join(sorted(self.prompts - {"login"})))
        if self.max_age == 0:
            self._put("max_age", "")

    def said_silently(self) -> None:
        """No page is needed, so none has to be forbidden (allauth would ask for an earlier consent)."""
        self._put("prompt", "")

    def give_to(self, request: HttpRequest) -> None:
        """Let whoever reads `request` from here on see the question as it is now."""
        request.GET = self.query  # type: ignore[assignment]
        request.META["QUERY_STRING"] = self.query.urlencode()

    def _put(self, name: str, value: str) -> None:
        self.query.pop(name, None)
        if value:
            self.query[name] = value


def read(query: QueryDict) -> Asked:
    """Raises NobodyToAnswer, Refused."""
    twice = {name for name in query if len(query.getlist(name)) > 1} - {"resource"}
    back = query.get("redirect_uri", "")
    client = _client(query.get("client_id", ""))
    if twice & _ONCE or client is None or back not in client.get_redirect_uris():
        raise NobodyToAnswer
    asked = Asked(
        client=client,
        query=query.copy(),
        redirect_uri=back,
        state=query.get("state", ""),
        prompts=frozenset(query.get("prompt", "").split()),
        max_age=None,
    )
    for name in ("request", "request_uri"):
        if name in query:
            raise asked.refused(f"{name}_not_supported")
    asked.max_age = _max_age(asked)
    if twice or query.get("response_mode", "query") != "query" or _has_nul(query):
        raise asked.refused("invalid_request")
    if query.get("code_challenge_method") != "S256" or not query.get("code_challenge"):
        raise asked.refused("invalid_request")
    if asked.is_silent and len(asked.prompts) > 1:
        raise asked.refused("invalid_request")
    for name in _IGNORED:
        asked._put(name, "")
    asked._put("scope", _known_scopes(asked))
    return asked


def _client(client_id: str) -> Client | None:
    return None if "\0" in client_id else Client.objects.filter(pk=client_id).first()


def _has_nul(query: QueryDict) -> bool:
    return any("\0" in value for _, values in query.lists() for value in values)


def _known_scopes(asked: Asked) -> str:
    """Those that we do not know are ignored, such as offline_access."""
    said = asked.query.get("scope", "")
    known = [scope for scope in clients.known(said) if scope in asked.client.get_scopes()]
    if said.strip() and not known:
        raise asked.refused("invalid_scope")
    return " ".join(known)


def _max_age(asked: Asked) -> int | None:
    said = asked.query.get("max_age", "")
    if not said:
        return None
    if not (said.isascii() and said.isdigit() and int(said[:20]) <= _LONGEST_AGE):
        raise asked.refused("invalid_request")
    return int(said)
