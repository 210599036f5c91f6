"""What the link in a mail opens: prove the address, or join what was begun with it to one's account, or
throw that away.

Opening it changes nothing (mail scanners follow links). The page and its button ask the same question,
`Question.of`, so there is no button that a POST could do without.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import perform_login
from allauth.account.models import EmailAddress, Login
from allauth.account.views import ConfirmEmailView
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from identity.models import User
from identity.proofs import beginnings, claims, merging, proving, throwing_away


@dataclass(frozen=True)
class Question:
    """`ended`: no such link. `confirm`: prove it. `join`: to the account of `owner`, who has proved it,
    or throw it away. `discard`: only that; `why` it is not joined. `sign_in`: first, as `owner` or as
    who asked for this address. `closed`: so is the account of who has proved it. `refused`: `why`."""

    kind: Literal["ended", "confirm", "join", "discard", "sign_in", "closed", "refused"]
    owner: User | None = None
    why: str = ""

    @classmethod
    def of(cls, request: HttpRequest, address: EmailAddress | None) -> Question:
        if address is None or not address.user.is_active:
            return cls("ended")
        owner = claims.proved(address.email)
        if owner is None or owner.user_id == address.user_id:
            return cls("confirm" if proving.may_prove(request, address) else "sign_in")
        if not owner.user.is_active:
            return cls("closed")
        sides = (owner.user, address.user)
        why = merging.refusal(kept=sides[0], merged=sides[1])
        if why and throwing_away.refusal(by=sides[0], thrown=sides[1]):
            return cls("refused", why=why)
        if not any(proving.is_signed_in_as(request, user) for user in sides):
            return cls("sign_in", owner.user, why)
        return cls("discard" if why else "join", owner.user, why)

    def allows(self, answer: str) -> bool:
        """Whether this answer is on the page."""
        return self.kind == "join" or (self.kind == "discard" and answer == "discard")


class LinkView(ConfirmEmailView):
    def get(self, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            self.object = self.get_object()
        except Http404:
            self.object = None
        return self.render_to_response(self.get_context_data())

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        self.object = self.get_object()
        address = self.object.email_address
        question = Question.of(self.request, address)
        if question.kind == "confirm":
            return super().post(*args, **kwargs)
        answer = next((each for each in ("discard", "join") if each in self.request.POST), "")
        if answer and question.owner is not None and question.allows(answer):
            return self._decide(address.user, owner=question.owner, discard=answer == "discard")
        return self.render_to_response(self.get_context_data(), status=409)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        address = self.object.email_address if self.object else None
        question = Question.of(self.request, address)
        context = {**super().get_context_data(**kwargs), "question": question}
        if address is not None and question.kind in ("confirm", "join", "discard"):
            context["begun"] = beginnings.of(address.user)
            # Invited editors have neither a session nor a password to lose.
            context["ends_something"] = not proving.is_signed_in_as(
                self.request, address.user
            ) and (bool(context["begun"].things) or address.user.has_usable_password())
        if question.owner is not None and question.kind == "join":
            context["into"] = beginnings.of(question.owner)
        return context

    def _decide(self, other: User, *, owner: User, discard: bool) -> HttpResponse:
        """Both sides are shown: the link was mailed to the owner's mailbox, and one is signed in."""
        as_owner = proving.is_signed_in_as(self.request, owner)
        try:
            decide(other, owner=owner, discard=discard)
        except merging.NotJoined as error:
            messages.error(self.request, str(error))
            return redirect("account_begun")
        if as_owner:
            messages.success(self.request, said(discard))
            return redirect("account_begun")
        # The session of the retired sign-up ends; the owner comes in as they always do, with all steps.
        get_adapter().logout(self.request)
        return perform_login(self.request, Login(user=owner))


def decide(other: User, *, owner: User, discard: bool) -> None:
    """Join it to the owner's account; or throw it away, and the owner is who may bring it back.

    Raises NotJoined.
    """
    if discard:
        throwing_away.throw_away(other, by=owner)
    else:
        merging.merge(kept=owner, merged=other)


def said(discarded: bool) -> str:
    """What happened, for the next page."""
    return "Thrown away." if discarded else "Joined: it is in your account now."
