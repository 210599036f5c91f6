"""An invited person makes their account: the link in their mail has proved the address."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import perform_login
from allauth.account.models import EmailAddress, Login
from django import forms
from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone

from cms import public
from identity import proofs
from identity.models import User
from identity.persons import identify
from identity.requests import VisitorRequest
from tenants.addresses import home_url
from tenants.members import membership as members_flow
from tenants.models import Invitation


def has_account(invitation: Invitation) -> bool:
    """Whether the invited address is a proved one already: then its owner signs in instead.

    Joining as an existing user on the strength of a week-old link would make the link a password.
    """
    return proofs.proved_user(invitation.email) is not None


class HasAccount(Exception):
    """The invited address was proved a moment ago: its owner signs in instead."""


class JoinForm(forms.Form):
    name = forms.CharField(
        label="Your name", max_length=120, widget=forms.TextInput({"autocomplete": "name"})
    )
    password = forms.CharField(
        label="Password",
        required=False,
        strip=False,
        help_text="Optional. Leave it empty and we mail you a code when you sign in.",
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, invitation: Invitation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invitation = invitation

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        if password:
            get_adapter().clean_password(password, user=User(email=self.invitation.email))
        return password

    @transaction.atomic
    def join(self, request: VisitorRequest) -> HttpResponse:
        """Make the user of the invited address, join, sign in.

        Raises SeatRefused, InvitationGone, HasAccount.
        """
        proofs.prove_one_by_one(self.invitation.email)
        if has_account(self.invitation):
            raise HasAccount
        members_flow.hold(self.invitation)  # before there is a user: another one may be joining
        user = self._user()
        proofs.begin_proved(request, user)
        identify(user, anonymous_id=request.anonymous_id)
        members_flow.accept(self.invitation, user=user)
        login = Login(
            user=user,
            email_verification="none",
            redirect_url=home_url(self.invitation.tenant),
        )
        return perform_login(request, login)

    def _user(self) -> User:
        email = self.invitation.email
        version = public.terms_version()
        user = User.objects.create_user(
            email,
            self.cleaned_data["password"] or None,
            name=self.cleaned_data["name"],
            terms_version=version,
            terms_agreed_at=timezone.now() if version else None,
        )
        EmailAddress.objects.create(user=user, email=email, primary=True, verified=True)
        return user
