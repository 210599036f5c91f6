"""allauth's hooks: where sign-in leads, which addresses are safe, and how its mail leaves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core import context
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from events import limits
from events.limits import client_address
from identity import addresses, letter_values, mail
from identity.attempts import devices, proof_of_work, sign_in_limits
from identity.proofs import beginnings, claims, mail_limits, mailed_codes, proving
from identity.security import recent, second_factor
from identity.signing_in import ways_out
from identity.visits import campaigns

# Mails to an address that may not be proved yet tell what was begun with it.
_CODE = "account/email/login_code"
_RESET = "account/email/password_reset_key"
_NO_ACCOUNT = "account/email/unknown_account"
_SECOND_FACTOR = "allauth.mfa.stages."
_ACCOUNT = "allauth.account"  # its pages of addresses and passwords
_CODE_LIFE = timedelta(seconds=settings.ACCOUNT_LOGIN_BY_CODE_TIMEOUT)
_LINKS = {"activate_url", "password_reset_url", "signup_url"}  # that allauth makes of a request
# Mails to an address; the link of an earlier one is still good.
_RESETS, _STRANGERS = limits.Rate(3, 12 * 3600), "1/h"


class AccountAdapter(DefaultAccountAdapter):
    def is_safe_url(self, url: str) -> bool:
        """Redirects may lead to the site and to the person's workspaces (`identity.signing_in.ways_out`)."""
        return ways_out.may_lead_to(url, request=self.request)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return campaigns.carried(request, super().get_login_redirect_url(request))

    def clean_email(self, email: str) -> str:
        """One form of every address, whichever form was typed."""
        return addresses.cleaned(email)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Before a password is looked at. Raises ValidationError."""
        sign_in_limits.check(request, email=credentials.get("email", ""))

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        sign_in_limits.failed(request, email=credentials.get("email", ""))

    def get_client_ip(self, request: HttpRequest) -> str:
        """As mails of allauth's say it; "" where it is not known."""
        return client_address(request.META) or ""

    def reauthenticate(self, user: Any, password: str) -> bool:
        return sign_in_limits.is_password_of(context.request, user, password)

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        sign_in_limits.forget(credentials.get("email", ""))

    def generate_login_code(self) -> str:
        """The one that is alive for whom it is mailed to."""
        new: str = super().generate_login_code()
        email = mailed_codes.recipient(self.request)
        return mailed_codes.current(email, new=new) if email else new

    def may_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> bool:
        """Whether a mail that anybody can ask for may leave once more; the page says the same."""
        if template_prefix == _CODE and not context.get("reauthentication"):
            may = mailed_codes.may_mail(email, code=context["code"])
            return may and mail_limits.may_mail_code(self.request, email)
        if template_prefix == _RESET:
            device = devices.of(self.request)
            who = device.name if device and device.knows(email) else "anybody"
            return not limits.take(_RESETS, f"reset-mail:{devices.mark(email)}:{who}").over
        if template_prefix == _NO_ACCOUNT:
            return not limits.take(_STRANGERS, f"stranger-mail:{devices.mark(email)}").over
        return True

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """allauth's own pages ask again by the same rule as ours (`identity.security.recent`).

        Who can show nothing may add the right address for a mistyped one, and set a first password:
        nothing was proved that could be taken from anybody, and there is no other way on.
        """
        request = context.request
        if app == _ACCOUNT and not recent.can_be_asked(request.user):
            return False
        return not recent.is_recent(request)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Staff and editors show their second factor also when they are asked again; who can show
        nothing reads what to do about that."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        factors = [each for each in methods if str(each["id"]).startswith("mfa_")]
        if user.is_authenticated and not methods:
            again = reverse("identity_account:again", urlconf=settings.PUBLIC_SCHEMA_URLCONF)
            return [{"id": "none", "description": "", "url": again}]
        return factors if factors and second_factor.is_needed_by(user) else methods

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        if not self.may_mail(template_prefix, email, context):
            return
        context = dict(context)
        for name in _LINKS & context.keys():
            context[name] = on_the_site(context[name])
        if template_prefix in (_CODE, _RESET):
            only = context["user"] if template_prefix == _RESET else None
            context["begun"] = beginnings.for_mail(email, only=only)
        if template_prefix == _NO_ACCOUNT and claims.is_closed(email):
            template_prefix = "account/email/closed_account"
        mail.deliver(
            letter_values.name_of(template_prefix, context),
            letter_values.values_of(email, context),
            to=email,
            good_for=_CODE_LIFE if template_prefix == _CODE else None,
        )

    def send_confirmation_mail(self, request: HttpRequest, confirmation: Any, signup: bool) -> None:
        """As allauth does, and tells what was begun with the address, and from where."""
        address: EmailAddress = confirmation.email_address
        if noted := beginnings.just_noted(request, address):
            address.user = noted.user
        context = {
            "user": address.user,
            "key": confirmation.key,
            "activate_url": self.get_email_confirmation_url(request, confirmation),
            # To an address that is only added, nobody writes what they like.
            "begun": [beginnings.harmless(beginnings.of(address.user, noted=noted))]
            if address.email == address.user.email
            else [],
            "is_invited": not signup
            and (address.user.is_superuser or address.user.groups.exists()),
        }
        name = "email_confirmation_signup" if signup else "email_confirmation"
        self.send_mail(f"account/email/{name}", address.email, context)

    def get_login_stages(self) -> list[str]:
        """An account that is made by this request has no second factor to be asked for."""
        stages: list[str] = super().get_login_stages()
        if not beginnings.is_new(self.request):
            return stages
        return [each for each in stages if not each.startswith(_SECOND_FACTOR)]

    def should_send_confirmation_mail(
        self, request: HttpRequest, email_address: EmailAddress, signup: bool
    ) -> bool:
        """Where nothing speaks for a sign-up, its address is written to once, however many come. Who has
        shown the mailbox with a code is mailed whatever others have had sent there."""
        if signup and getattr(request, "mails_once_a_day", False):
            key = f"signup-mail:{devices.mark(email_address.email)}"
            if limits.take("1/d", key).over:
                return False
        if getattr(request, "brings_mailed_code", False):
            return True
        take = mail_limits.take_first if signup else mail_limits.take
        return take(email_address, for_a_sum=proof_of_work.is_in(request)) is None

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        user.name = form.cleaned_data.get("name", "")
        user.last_login = timezone.now()  # who signs up is signed in
        user.agree(form.cleaned_data.get("terms_version", ""))
        return super().save_user(request, user, form, commit)

    @transaction.atomic
    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Prove an address; what follows from it (`proving`) is in the same transaction. Two who prove
        it at once come one after the other, and a second click does nothing."""
        claims.prove_one_by_one(email_address.email)
        rows = EmailAddress.objects.filter(pk=email_address.pk)
        is_proved = rows.values_list("verified", flat=True).first()
        if is_proved is None or is_proved:
            email_address.verified = bool(is_proved)
            return bool(is_proved)
        if not proving.may_prove(request, email_address):
            self.add_message(
                request,
                messages.ERROR,
                message="Sign in to the account that asked for this address, then confirm it.",
            )
            return False
        return super().confirm_email(request, email_address)

    def get_email_verification_redirect_url(self, email_address: EmailAddress) -> str:
        if proving.is_signed_in_as(self.request, email_address.user):
            if beginnings.is_to_ask(email_address.user):
                return reverse("account_begun")
        elif not self.request.user.is_authenticated:
            self.request.session["sign_in_as"] = email_address.email
            return reverse("account_request_login_code")
        return super().get_email_verification_redirect_url(email_address)

    def post_login(self, request: HttpRequest, user: Any, **more: Any) -> HttpResponse:
        """Only now is it known who signs in: where that leads is asked once more. And on the way,
        once: what was begun with the address before it was proved."""
        url = more.get("redirect_url")
        url = url() if callable(url) else url
        is_ours = isinstance(url, ways_out.Ours)
        more["redirect_url"] = url if url and (is_ours or self.is_safe_url(url)) else None
        response = super().post_login(request, user, **more)
        if beginnings.just_noted(request, user) or not beginnings.is_to_ask(user):
            return response
        query = urlencode({"next": response.get("Location", "")})
        return HttpResponseRedirect(f"{reverse('account_begun')}?{query}")


def on_the_site(url: str) -> str:
    """The same path at the address that the settings say, whatever Host a request had."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{settings.SITE_URL}{parts.path}{query}"
