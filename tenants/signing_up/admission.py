"""Who may sign up at once: judged by what speaks for the request, never by refusing it.

Four tiers: who was invited or holds a link that we signed; who has signed in here or came an hour ago
or longer; a browser that loaded the form; the rest. Each has a bucket. Over it the same form comes
back, filled, and asks for one more step: a sum that the browser does, or a code that we mail. The
rest get a workspace as well, but no schema before somebody opens it or proves the address.

What speaks for a sign-up speaks for so many, however many copies of it there are: an invitation for
one, by the address that it was mailed to; a browser that has signed in for the account that it did
that with, as one account can sign in anywhere; and a cookie that anybody gets by waiting for an hour
counts with the others of its address.

Addresses of clients are keys of buckets only where they are known (`events.limits.clients`), since
behind one of them there may be an office. Without Redis every process counts for itself.
"""

from __future__ import annotations

import enum
import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse

from events import limits
from events.limits import address_key
from identity import attempts, proofs
from tenants import hashed_secrets
from tenants.models import Invitation
from tenants.models.invitations import LIFETIME

CAME_BEFORE_COOKIE = "plg_came"
LINK = "via"  # the field, and the parameter of the form's address, that carry a signed link
_FORM, _CAME, _LINK = "tenants.admission.form", "tenants.admission.came", "tenants.admission.link"
_FORM_GOOD_FOR = 24 * 3600  # seconds
_CAME_BEFORE = 3600  # seconds since then
_ONE_YEAR = 365 * 24 * 3600
_INVITED_ONCE = limits.Rate(1, int(LIFETIME.total_seconds()))  # no invitation is open for longer


class Tier(enum.IntEnum):
    """What speaks for a sign-up; the smaller, the more."""

    INVITED = 1
    KNOWN = 2
    FORM = 3
    REST = 4


@dataclass(frozen=True)
class Admission:
    """What becomes of a sign-up: one more step first, or a workspace (`held`: without a schema)."""

    tier: Tier
    asks: bool

    @property
    def held(self) -> bool:
        return self.tier is Tier.REST


def decide(request: HttpRequest, said: dict[str, Any]) -> Admission:
    """Judge a sign-up with a valid form (`said` is what it says), and count it."""
    tier = _tier(request, said)
    if not _is_over(request, tier, said):
        return Admission(tier, asks=False)
    if attempts.has_sum(request) or _brings_code(request, said):
        return Admission(min(tier, Tier.FORM), asks=False)
    return Admission(tier, asks=True)


def is_expected(request: HttpRequest) -> bool:
    """Whether they need not wait in line: they hold a signed link or an open invitation, or have signed in
    here. Nothing is counted or used up by asking."""
    said = str(request.POST.get(LINK) or request.GET.get(LINK) or "")
    if link_name(said) or attempts.device_of(request):
        return True
    mark = _invitation_mark(request)
    return bool(mark) and Invitation.objects.open().filter(token_hash=mark).exists()


def form_token(token: object, *, now: float | None = None) -> str:
    """For the hidden field `seen`: this form (by its own token) was loaded now."""
    return signing.dumps([str(token), int(now or time.time())], salt=_FORM)


def link_token(name: str, *, days: int) -> str:
    """For a link into sign-up (`/signup/?via=…`) that a campaign, an event or a partner hands out."""
    return signing.dumps([name, int(time.time()) + days * 24 * 3600], salt=_LINK)


def link_name(said: str) -> str:
    """Whose link it is; "" for one that is none of ours, or no longer good."""
    try:
        name, until = signing.loads(said, salt=_LINK)
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    return str(name) if int(until) > time.time() else ""


def remember_visit(request: HttpRequest, response: HttpResponse) -> None:
    """Who looks at the form today has come before tomorrow."""
    if CAME_BEFORE_COOKIE in request.COOKIES or request.META.get("HTTP_SEC_GPC") == "1":
        return
    response.set_cookie(
        CAME_BEFORE_COOKIE,
        signing.dumps([int(time.time()), attempts.new_device_name()], salt=_CAME),
        max_age=_ONE_YEAR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def mail_code(email: str) -> None:
    """The other way through the step, for who has no JavaScript. Mailed some times at most."""
    proofs.send_code(email, template="account/email/signup_code")


def _tier(request: HttpRequest, said: dict[str, Any]) -> Tier:
    if link_name(said.get(LINK, "")) or _uses_invitation(request, said):
        return Tier.INVITED
    if attempts.device_of(request) or _came_before(request):
        return Tier.KNOWN
    return Tier.FORM if _loaded_form(said) else Tier.REST


def _is_over(request: HttpRequest, tier: Tier, said: dict[str, Any]) -> bool:
    """Take from the tier's bucket; from a second one only where the first is anybody's to have."""
    if tier is Tier.INVITED:
        name = link_name(said.get(LINK, ""))
        return bool(name) and limits.take(settings.SIGNUPS_BY_LINK, f"signup-link:{name}").over
    if tier is Tier.KNOWN:
        if device := attempts.device_of(request):
            return limits.take(settings.SIGNUPS_BY_DEVICE, f"signup-by:{device.account}").over
        came = f"signup-came:{_came(request)[1]}"
        if limits.take(settings.SIGNUPS_BY_DEVICE, came).over:
            return True
        return _is_over_from(request, "signup-came-from")
    if tier is Tier.FORM:
        return _is_over_from(request, "signup-from")
    address = address_key(request.META)
    if address and limits.take(settings.SIGNUPS_UNSEEN_BY_ADDRESS, f"signup-rest:{address}").over:
        return True
    return limits.take(settings.SIGNUPS_UNSEEN, "signup-rest").over


def _is_over_from(request: HttpRequest, name: str) -> bool:
    """Take from the bucket of this name that the client's address has."""
    address = address_key(request.META)
    if address is None:
        return limits.take(settings.SIGNUPS_FROM_UNKNOWN, f"{name}-unknown").over
    return limits.take(settings.SIGNUPS_BY_ADDRESS, f"{name}:{address}").over


def _loaded_form(said: dict[str, Any]) -> bool:
    try:
        token, at = signing.loads(said.get("seen", ""), salt=_FORM)
    except (signing.BadSignature, ValueError, TypeError):
        return False
    age = time.time() - at
    return token == str(said.get("token")) and settings.SIGNUP_FORM_SECONDS <= age <= _FORM_GOOD_FOR


def _came_before(request: HttpRequest) -> bool:
    at, _ = _came(request)
    return bool(at) and time.time() - at >= _CAME_BEFORE


def _came(request: HttpRequest) -> tuple[int, str]:
    try:
        at, name = signing.loads(
            request.COOKIES.get(CAME_BEFORE_COOKIE, ""), salt=_CAME, max_age=_ONE_YEAR
        )
    except (signing.BadSignature, ValueError, TypeError):
        return 0, ""
    return int(at), str(name)


def _uses_invitation(request: HttpRequest, said: dict[str, Any]) -> bool:
    """Whether one speaks for this sign-up; it is used up with that. Asked only of who says so: the form
    leads on to an invitation."""
    mark = _invitation_mark(request)
    if not mark:
        return False
    if not Invitation.objects.open().filter(token_hash=mark, email=said["email"]).exists():
        return False
    return not limits.take(_INVITED_ONCE, f"signup-invited:{mark}").over


def _invitation_mark(request: HttpRequest) -> str:
    """What stands in the row of the invitation that the form leads on to; "" for none."""
    leads_to = str(request.POST.get("next") or request.GET.get("next") or "")
    _, found, rest = leads_to.partition("/invitations/")
    return hashed_secrets.hash_secret(rest.partition("/")[0]) if found else ""


def _brings_code(request: HttpRequest, said: dict[str, Any]) -> bool:
    """Whether the code that we mailed is in the form."""
    code = str(request.POST.get("code", ""))
    try:
        brings = bool(code) and proofs.check_code(request, said["email"], code=code)
    except ValidationError:
        return False
    request.brings_mailed_code = brings  # type: ignore[attr-defined]
    return brings
