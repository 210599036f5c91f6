"""One form from visitor to workspace: address, name, workspace, and a password if they like.

The form carries a token. A second click (or a reload of the POST) with the same token and address
ends where the first one did, and makes nothing twice: the token is the primary key of a row that is
written in the same transaction as user and workspace. It is no key, though: `second_click` says when
it signs in.
"""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID, uuid4

from allauth.account.adapter import get_adapter
from allauth.account.forms import SignupForm
from allauth.account.internal.flows.login import perform_login
from allauth.account.models import EmailAddress, Login
from allauth.account.signals import user_signed_up
from allauth.account.utils import setup_user_email
from allauth.account.views import SignupView
from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from uuid_utils.compat import uuid7

import events
from cms import public
from events import new_rows
from identity import attempts, persons, proofs, sessions, signing_in, visits
from identity.event_types import SIGNED_UP
from identity.models import User
from identity.requests import VisitorRequest
from tenants import addresses
from tenants.addresses import home_url
from tenants.models import SignupAttempt, Tenant
from tenants.pool import templates
from tenants.signing_up import (
    admission,
    form_page,
    picked,
    provisioning,
    second_click,
    waiting_room,
)

_PROVED_BEFORE = "account_verified_email"  # allauth's, of a session


class UsedBefore(Exception):
    """The form's token is that of an earlier click."""

    def __init__(self, token: UUID) -> None:
        super().__init__(str(token))
        self.token = token


class SlugField(forms.CharField):
    def clean(self, value: Any) -> str:
        return super().clean(value).lower()


class AnswerField(forms.ChoiceField):
    """The onboarding question, which nobody has to answer."""

    def __init__(self, question: str) -> None:
        choices = [("", "I will look around first"), *templates.answers()]
        super().__init__(label=question, choices=choices, required=False)

    def valid_value(self, value: Any) -> bool:
        return True  # a page may be older than the answers; what is not one counts as none


class WorkspaceSignupForm(SignupForm):
    """allauth's sign-up form with a name and a workspace."""

    field_order = ["name", "email", "workspace_name", "slug", "password1", "answer"]

    name = forms.CharField(
        label="Your name", max_length=120, widget=forms.TextInput({"autocomplete": "name"})
    )
    workspace_name = forms.CharField(
        label="Workspace name",
        max_length=80,
        help_text="Your company or team.",
        widget=forms.TextInput({"autocomplete": "organization"}),
    )
    slug = SlugField(
        label="Workspace address",
        required=False,
        max_length=addresses.SLUG_MAX_LENGTH,
        help_text="Leave it to us, or choose your own.",
        widget=forms.TextInput({"autocapitalize": "none", "spellcheck": "false"}),
    )
    token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4, required=False)
    plan = forms.SlugField(widget=forms.HiddenInput, required=False, max_length=30)
    interval = forms.SlugField(widget=forms.HiddenInput, required=False, max_length=8)
    event = forms.SlugField(widget=forms.HiddenInput, required=False, max_length=80)
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=300)
    via = forms.CharField(widget=forms.HiddenInput, required=False, max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.workspace: Tenant | None = None  # that was made
        self.held = False  # without a schema until it is opened
        token = uuid4()
        self.fields["token"].initial = token
        self.fields["seen"].initial = partial(admission.form_token, token)  # when it is shown
        password = self.fields["password1"]
        password.label = "Password"
        password.help_text = "Optional. Leave it empty and we mail you a code when you sign in."
        self.fields["email"].label = "Work email"
        if question := templates.question():
            self.fields["answer"] = AnswerField(question)

    @property
    def picked(self) -> picked.Picked | None:
        """The plan that was picked on the price list, for the page to say so."""
        return picked.of({name: self[name].value() for name in ("plan", "interval")})

    def validate_unique_email(self, value: str) -> str:
        """Nobody is asked who else has signed up with it: it makes no difference."""
        self.account_already_exists = False
        return value

    def clean_slug(self) -> str:
        slug = self.cleaned_data["slug"]
        if slug:
            addresses.validate_slug(slug)
            token = self.data.get(self.add_prefix("token"))
            if provisioning.is_taken(slug) and not _is_second_click(token):
                raise _taken(slug)
        return slug

    def make(self, request: VisitorRequest) -> User:
        """Make user and workspace, in the transaction of the page. Raises UsedBefore, SlugTaken."""
        token = self.cleaned_data.get("token") or uuid4()
        user, tenant_id = get_adapter().new_user(request), uuid7()
        try:
            # First: a second click waits here for the first one's end. Both are made below.
            new_rows.insert_now(
                SignupAttempt(
                    token=token,
                    email=self.cleaned_data["email"],
                    user_id=user.pk,
                    tenant_id=tenant_id,
                )
            )
            with new_rows.together(), events.rows_together():
                self._sign_up(request, user, tenant_id=tenant_id)
        except IntegrityError as error:
            raise UsedBefore(token) from error
        return user

    def _save_user(self, request: VisitorRequest, user: User) -> None:
        """As allauth's `save`, for an account that is made this moment: nobody is asked what it has."""
        get_adapter().save_user(request, user, self, commit=False)
        if request.session.get(_PROVED_BEFORE):
            new_rows.insert_now(user)
            setup_user_email(request, user, [])
            return
        address = EmailAddress(user=user, email=user.email, primary=True)
        new_rows.insert_now(user, address)  # the mail to it has the key of its row
        EmailAddress.objects.fill_cache_for_user(user, [address])

    def slug_was_taken(self, request: VisitorRequest, slug: str) -> HttpResponse:
        """Somebody else was faster between our check and the insert."""
        self.add_error("slug", _taken(slug))
        return self._again(request, status=409)

    def come_back(self) -> None:
        """To who has filled it in, as they have filled it in."""
        said: Any = self.data.copy()  # type: ignore[has-type]
        if not said.get(self.add_prefix("token")):
            said[self.add_prefix("token")] = str(uuid4())
        said[self.add_prefix("seen")] = admission.form_token(said[self.add_prefix("token")])
        self.data = said
        # It goes back to who has just typed it, on a page that nothing keeps.
        self.fields["password1"].widget.render_value = True

    def ask_to_wait(self) -> None:
        """Come back as it was filled in, because it is not their turn."""
        self.come_back()
        words = "Many people are signing up right now. Your place in line stands below; what you typed stays."
        self.add_error(None, ValidationError(words, code="in_line"))

    def ask_for_a_step(self, *, by_code: bool) -> None:
        """Come back as it was filled in, with a sum for the browser or a field for a mailed code."""
        self.come_back()
        if by_code:
            self.fields["code"] = forms.CharField(
                label="Code from your mail",
                required=False,
                max_length=20,
                widget=forms.TextInput({"autocomplete": "one-time-code"}),
            )
            words = "Type the code that we have mailed you, then send the form once more."
            self.add_error(None, ValidationError(words, code="code"))
            return
        words = "Many people are signing up from your network. One more step, and you are in."
        self.add_error(None, ValidationError(words, code=attempts.SUM_ASKED))

    def _sign_up(self, request: VisitorRequest, user: User, *, tenant_id: UUID) -> None:
        data = self.cleaned_data
        data["terms_version"] = public.terms_version()
        self._save_user(request, user)
        proofs.note_beginning(user, request=request, begins=data["workspace_name"])
        persons.begin(user)
        persons.identify(user, anonymous_id=request.anonymous_id)
        self.workspace = provisioning.create_workspace(
            provisioning.NewWorkspace(
                id=tenant_id,
                name=data["workspace_name"],
                slug=data["slug"] or None,
                intent=picked.to_keep(data),
                template=self._template().name,
                may_wait=True,
                held=self.held,
                is_first=True,
            ),
            owner=user,
        )
        events.record_with_row(
            SIGNED_UP.name,
            tenant=self.workspace,
            person=user.person,
            anonymous_id=request.anonymous_id,
            properties={"method": "password" if data.get("password1") else "code"},
        )

    def _template(self) -> templates.Template:
        said = self.cleaned_data
        return templates.choose(
            templates.Intent(plan=said["plan"], event=said["event"], answer=said.get("answer", ""))
        )

    def second_click(self, request: VisitorRequest, token: UUID) -> HttpResponse:
        """Go on with what the first click has made."""
        attempt = SignupAttempt.objects.filter(token=token).select_related("user").first()
        if attempt is None or attempt.user is None or attempt.email != self.cleaned_data["email"]:
            self.add_error(None, "This form was used already. Please open sign-up once more.")
            return self._again(request, status=409)
        if not second_click.goes_on(attempt, password=self.cleaned_data.get("password1", "")):
            self.add_error(None, "You have signed up with this form already. Please sign in.")
            return self._again(request, status=409)
        login = Login(
            user=attempt.user,
            email_verification="none",
            redirect_url=get_adapter().get_signup_redirect_url(request),
        )
        return perform_login(request, login)

    def _again(self, request: VisitorRequest, *, status: int) -> HttpResponse:
        return render(request, "account/signup.html", {"form": self}, status=status)


class WorkspaceSignupView(SignupView):
    """allauth's page; links hand over which plan was picked and which event was attended."""

    def get_initial(self) -> dict[str, Any]:
        asked = self.request.GET
        known = {
            "plan": asked.get("plan", "")[:30],
            "interval": asked.get("interval", "")[:8],
            "event": asked.get("event", "")[:80],
            "via": asked.get(admission.LINK, "")[:300],
        }
        return {**super().get_initial(), **known}

    def get(self, request: VisitorRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        waiting = waiting_room.look(request) if waiting_room.is_open(request) else None
        if waiting and not waiting.may_enter:
            return waiting_room.page(request, waiting)
        response = form_page.answer(request, partial(super().get, request, *args, **kwargs))
        admission.remember_visit(request, response)
        if waiting:
            waiting_room.remember(response, waiting)
        return response

    def get_authenticated_redirect_url(self) -> str:
        """Who is signed in has a workspace: there the plan that they picked is bought."""
        chosen = picked.of(self.request.GET)
        go = reverse("tenants_site:go")
        return visits.carried_campaign(self.request, f"{go}?{chosen.query}" if chosen else go)

    def form_valid(self, form: WorkspaceSignupForm) -> HttpResponse:
        self._form = form
        if not waiting_room.is_open(self.request) or _is_second_click(form.data.get("token")):
            return self._sign_up(form)
        waiting = waiting_room.enter(self.request)
        if not waiting.may_enter:
            return self._wait_in_line(form, waiting)
        response = self._sign_up(form)
        if form.workspace is None:  # one more step first, or an address that is taken
            waiting_room.leave(waiting)
            waiting_room.remember(response, waiting)
        return response

    def _sign_up(self, form: WorkspaceSignupForm) -> HttpResponse:
        admitted = admission.decide(self.request, form.cleaned_data)
        if admitted.asks:
            return self._one_more_step(form)
        form.held = admitted.held
        if admitted.held:
            self.request.mails_once_a_day = True  # whoever that is: the address did not ask for it
        try:
            with (
                transaction.atomic()
            ):  # user, workspace, sign-in and session: one wait for the disk
                user = form.make(self.request)
                with new_rows.together():
                    response = self._signed_in(user)
                    sessions.write(self.request)
        except UsedBefore as used:
            return form.second_click(self.request, used.token)
        except provisioning.SlugTaken as taken:
            return form.slug_was_taken(self.request, taken.slug)
        return response

    def _signed_in(self, user: User) -> HttpResponse:
        """As allauth's, with the address at hand."""
        user_signed_up.send(sender=User, request=self.request, user=user)
        login = Login(user=user, email=user.email, redirect_url=self.get_success_url(), signup=True)
        return perform_login(self.request, login)

    def _wait_in_line(
        self, form: WorkspaceSignupForm, waiting: waiting_room.Waiting
    ) -> HttpResponse:
        form.ask_to_wait()
        response = self.render_to_response(self.get_context_data(form=form, in_line=True))
        response["Cache-Control"] = "no-store"
        waiting_room.remember(response, waiting)
        return response

    def _one_more_step(self, form: WorkspaceSignupForm) -> HttpResponse:
        by_code = bool({"instead", "code"} & set(self.request.POST))
        if "instead" in self.request.POST:
            admission.mail_code(form.cleaned_data["email"])
        form.ask_for_a_step(by_code=by_code)
        response = self.render_to_response(self.get_context_data(form=form))
        response["Cache-Control"] = "no-store"
        return response

    def get_default_success_url(self) -> str | None:
        """Straight into the new workspace, without asking on the way which one it is."""
        made = self._form.workspace if hasattr(self, "_form") else None
        return signing_in.OwnAddress(home_url(made)) if made else None


@require_safe
@never_cache
def place(request: HttpRequest) -> HttpResponse:
    """Their place in line, inside of a page with a form that they have filled in."""
    if not waiting_room.is_open(request):
        return waiting_room.part(request, waiting_room.Waiting(None, may_enter=True))
    return waiting_room.part(request, waiting_room.look(request))


def _is_second_click(token: str | None) -> bool:
    try:
        return bool(token) and SignupAttempt.objects.filter(token=UUID(token)).exists()
    except ValueError:
        return False


def _taken(slug: str) -> ValidationError:
    free = provisioning.suggest_slug(slug)
    return ValidationError(f"“{slug}” is taken. “{free}” is free.", code="slug_taken")
