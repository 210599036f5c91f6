"""Signing in with a mailed code, and choosing the account when several were begun with an address."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.account.views import ConfirmLoginCodeView, LoginView, RequestLoginCodeView
from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from identity.models import User
from identity.proofs import beginnings, claims, proving

_CHOICE = "choose_account"  # in the session: [address, until, where to go then]
_SECONDS = 15 * 60
SIGN_IN_AS = "sign_in_as"  # in the session: the address that was just proved, or typed


class SignInView(LoginView):
    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), "login": self.request.session.get(SIGN_IN_AS, "")}


class AskForCodeView(RequestLoginCodeView):
    """The address that was typed beside a password is taken along, by the button of that form."""

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), "email": self.request.session.get(SIGN_IN_AS, "")}

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs = super().get_form_kwargs()
        typed = self.request.POST
        if "login" in typed and "email" not in typed:
            kwargs["data"] = {"email": typed["login"]} if typed["login"].strip() else None
            kwargs["files"] = None
        return kwargs

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form))


class ConfirmCodeView(ConfirmLoginCodeView):
    """A right code proves the mailbox. Whose account is meant, nobody guesses."""

    def _verify_form_valid(self, form: Any) -> HttpResponse:
        email = self._process.state["email"]
        found = claims.candidates(email)
        if len(found) == 1:
            self._process._user = found[0]
            with transaction.atomic():
                claims.row_of(found[0], email)
                return super()._verify_form_valid(form)
        self._process.abort()
        if not found:
            messages.error(self.request, "There is no account with this address any more.")
            return redirect("account_login")
        until = int(time.time()) + _SECONDS
        self.request.session[_CHOICE] = [email, until, self.get_next_url() or ""]
        return redirect("account_choose")


class ChoiceForm(forms.Form):
    account = forms.ChoiceField(
        label="Which one do you go on with?", widget=forms.RadioSelect, choices=()
    )

    def __init__(self, *args: Any, begun: list[beginnings.Begun], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["account"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = [(str(one.user.pk), str(one.user)) for one in begun]


def _shown_before(request: HttpRequest, email: str, found: list[User]) -> list[User]:
    """Who was chosen, and since then pushed off the page by others who signed up."""
    try:
        chosen = claims.candidate(email, UUID(request.POST.get("account", "")))
    except ValueError:
        return []
    return [chosen] if chosen is not None and chosen not in found else []


@never_cache
@require_http_methods(["GET", "POST"])
def choose(request: HttpRequest) -> HttpResponse:
    """After the code was right: several sign-ups say that they have this address."""
    email, until, then = request.session.get(_CHOICE) or ("", 0, "")
    if until < time.time():
        return redirect("account_request_login_code")
    found = claims.candidates(email)
    found += _shown_before(request, email, found)
    begun = [beginnings.of(user) for user in found]
    form = ChoiceForm(request.POST if request.method == "POST" else None, begun=begun)
    if not form.is_valid():
        context = {"form": form, "begun": begun, "email": email}
        status = 422 if form.is_bound else 200
        return render(request, "account/choose.html", context, status=status)
    del request.session[_CHOICE]
    user = claims.candidate(email, UUID(form.cleaned_data["account"]))
    if user is None or not proving.prove(request, user, email):
        return redirect("account_login")
    record_authentication(request, user, method="code", email=email)
    return perform_login(request, Login(user=user, email=email, redirect_url=then or None))
