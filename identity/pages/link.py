"""What the link in a mail opens: prove the address, or join what was begun with it to one's account.

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
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from identity import beginnings, claims, merging, proving
from identity.models import User
from identity.signals import begun_discarded


@dataclass(frozen=True)
class Question:
    """`ended`: no such link. `confirm`: prove it. `join`: to the account of `owner`, who has proved it.
    `sign_in`: first, as `owner` or as who asked for this address. `refused`: `why`."""

    kind: Literal["ended", "confirm", "join", "sign_in", "refused"]
    owner: User | None = None
    why: str = ""

    @classmethod
    def of(cls, request: HttpRequest, address: EmailAddress | None) -> Question:
        if address is None or not address.user.is_active:
            return cls("ended")
        owner = claims.proved(address.email)
        if owner is None or owner.user_id == address.user_id:
            return cls("confirm" if proving.may_prove(request, address) else "sign_in")
        if why := merging.refusal(kept=owner.user, merged=address.user):
            return cls("refused", why=why)
        sides = (owner.user, address.user)
        is_one = any(proving.is_signed_in_as(request, user) for user in sides)
        return cls("join" if is_one else "sign_in", owner.user)


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
        said_so = "join" in self.request.POST or "discard" in self.request.POST
        if question.kind == "join" and question.owner is not None and said_so:
            return self._join(address.user, owner=question.owner)
        return self.render_to_response(self.get_context_data(), status=409)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        address = self.object.email_address if self.object else None
        question = Question.of(self.request, address)
        context = {**super().get_context_data(**kwargs), "question": question}
        if address is not None and question.kind in ("confirm", "join"):
            context["begun"] = beginnings.of(address.user)
            # Invited editors have neither a session nor a password to lose.
            context["ends_something"] = not proving.is_signed_in_as(
                self.request, address.user
            ) and (bool(context["begun"].things) or address.user.has_usable_password())
        if question.owner is not None and question.kind == "join":
            context["into"] = beginnings.of(question.owner)
        return context

    def _join(self, merged: User, *, owner: User) -> HttpResponse:
        """Both sides are shown: the link was mailed to the owner's mailbox, and one is signed in."""
        as_owner = proving.is_signed_in_as(self.request, owner)
        try:
            join(merged, owner=owner, discard="discard" in self.request.POST)
        except merging.NotJoined as error:
            messages.error(self.request, str(error))
            return redirect("account_begun")
        if as_owner:
            messages.success(self.request, said("discard" in self.request.POST))
            return redirect("account_begun")
        # The session of the retired sign-up ends; the owner comes in as they always do, with all steps.
        get_adapter().logout(self.request)
        return perform_login(self.request, Login(user=owner))


@transaction.atomic
def join(merged: User, *, owner: User, discard: bool) -> None:
    """Move it to the owner. `discard`: thrown away, and the owner is who may bring it back.

    Raises NotJoined.
    """
    if discard:
        begun_discarded.send(sender=User, user=merged)
    merging.merge(kept=owner, merged=merged)


def said(discarded: bool) -> str:
    """What happened, for the next page."""
    return "Thrown away." if discarded else "Joined: it is in your account now."
