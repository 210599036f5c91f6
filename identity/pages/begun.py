"""What was begun with one's address: asked about once, on the way in; open later from the addresses."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from allauth.account.internal.flows.email_verification import send_verification_email_to_address
from allauth.account.utils import get_next_redirect_url
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from identity.models import Merge, User
from identity.pages.link import decide, said
from identity.proofs import beginnings, claims, mail_limits, merging, proving, throwing_away
from identity.requests import UserRequest
from identity.security.recent import needs_recent_sign_in


@dataclass(frozen=True)
class Other:
    """A sign-up of somebody else with one's address. `now`: the mailbox was shown to be theirs a moment
    ago; without that a mail comes first. Why it is never joined, and never thrown away, in words."""

    begun: beginnings.Begun
    now: bool
    not_joined: str
    not_thrown_away: str

    @classmethod
    def of(cls, request: UserRequest, user: User) -> Other:
        return cls(
            beginnings.of(user),
            proving.is_proved_now(request, user.email),
            merging.refusal(kept=request.user, merged=user),
            throwing_away.refusal(by=request.user, thrown=user),
        )

    @property
    def asks_for_mail(self) -> bool:
        return not self.now and not (self.not_joined and self.not_thrown_away)


TAKEN_APART = (
    "Taken apart. That sign-up and its workspaces are as they were. Nobody can sign in to it with your "
    "address, which is this account's: to open it, join the two again below."
)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def begun(request: UserRequest) -> HttpResponse:
    """Keep or throw away what one's own account had; see the sign-ups of others, and what was joined."""
    if request.method == "POST":
        return _answer(request)
    context = {
        "own": beginnings.of(request.user) if beginnings.is_own_to_ask(request.user) else None,
        "others": [Other.of(request, user) for user in claims.others(request.user)],
        "merges": [(one, beginnings.of(one.merged)) for one in merging.open_merges(request.user)],
        "then": get_next_redirect_url(request) or "",
        "days": merging.UNDO.days,
    }
    return render(request, "account/begun.html", context)


def _answer(request: UserRequest) -> HttpResponse:
    if "discard" in request.POST and beginnings.is_own_to_ask(request.user):
        with transaction.atomic():
            beginnings.discard(request.user)
        messages.success(request, "Thrown away. Your account is yours, and empty.")
    else:
        beginnings.answered(request.user)
    return redirect(get_next_redirect_url(request) or settings.LOGIN_REDIRECT_URL)


@never_cache
@login_required
@require_POST
def other(request: UserRequest, user_id: UUID) -> HttpResponseBase:
    """Join another sign-up to one's account, throw it away, or ask for the mail that lets one do so."""
    found = claims.other(request.user, user_id)
    if found is None:
        raise Http404
    if "prove" in request.POST:
        _mail(request, found)
    elif not proving.is_proved_now(request, found.email):
        messages.error(request, "Show first that the mailbox is yours: ask for the mail.")
    else:
        discarded = "discard" in request.POST
        try:
            decide(found, owner=request.user, discard=discarded)
            messages.success(request, said(discarded))
        except merging.NotJoined as error:
            messages.error(request, str(error))
    return redirect("account_begun")


def _mail(request: UserRequest, other: User) -> None:
    """The mail that the other sign-up got, once more."""
    row = claims.row_of(other, other.email)  # whose main address is one of ours: claims.others
    # Who asks has proved that the mailbox is theirs: what strangers send there is not counted.
    if held := mail_limits.take(row, for_a_sum=True):
        words = "That mail was sent a moment ago." if not held.mailbox else "That is enough mail."
        messages.warning(request, f"{words} The next may go in {held.in_words}.")
    else:
        send_verification_email_to_address(request, row)


@never_cache
@login_required
@require_POST
@needs_recent_sign_in
def undo(request: UserRequest, merge_id: UUID) -> HttpResponse:
    """Take two joined sign-ups apart, or bring back one that was thrown away."""
    made = get_object_or_404(Merge, pk=merge_id, kept=request.user)
    try:
        if made.is_thrown_away:
            throwing_away.bring_back(made, by=request.user)
            messages.success(request, "It is back, as a sign-up of its own.")
        else:
            merging.undo(made, by=request.user)
            messages.success(request, TAKEN_APART)
    except merging.NotJoined as error:
        messages.error(request, str(error))
    return redirect("account_begun")
