"""allauth's hooks: where sign-in leads, which addresses are safe, and how its mail leaves."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from events import limits
from identity import devices, mail, mailed_codes, merging, sign_in_limits

_CODE = "account/email/login_code"
_RESET = "account/email/password_reset_key"
_NO_ACCOUNT = "account/email/unknown_account"
_LINKS = {"activate_url", "password_reset_url", "signup_url"}  # that allauth makes of a request
_RESETS, _STRANGERS = "3/h", "1/h"  # mails to an address; the link of an earlier one is still good


class AccountAdapter(DefaultAccountAdapter):
    def is_safe_url(self, url: str) -> bool:
        """Redirects may lead to the site and to workspaces, never elsewhere."""
        parts = urlsplit(url)
        if not parts.netloc:
            return super().is_safe_url(url)
        host = (parts.hostname or "").lower()
        own = host == settings.SITE_DOMAIN or host.endswith(f".{settings.APP_DOMAIN}")
        return own and parts.scheme == settings.PUBLIC_SCHEME

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Before a password is looked at. Raises ValidationError."""
        sign_in_limits.check(request, email=credentials.get("email", ""))

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        sign_in_limits.failed(request, email=credentials.get("email", ""))

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
            return mailed_codes.may_mail(email, code=context["code"])
        if template_prefix == _RESET:
            device = devices.of(self.request)
            who = device.name if device and device.knows(email) else "anybody"
            return not limits.take(_RESETS, f"reset-mail:{devices.mark(email)}:{who}").over
        if template_prefix == _NO_ACCOUNT:
            return not limits.take(_STRANGERS, f"stranger-mail:{devices.mark(email)}").over
        return True

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        if not self.may_mail(template_prefix, email, context):
            return
        context = {"email": email, "site_url": settings.SITE_URL, **context}
        for name in _LINKS & context.keys():
            context[name] = on_the_site(context[name])
        context.setdefault("current_site", SimpleLazyObject(_site))
        mail.deliver(self.render_mail(template_prefix, email, context))

    def should_send_confirmation_mail(
        self, request: HttpRequest, email_address: EmailAddress, signup: bool
    ) -> bool:
        """Where nothing speaks for a sign-up, its address is written to once, however many come."""
        if signup and getattr(request, "mails_once_a_day", False):
            key = f"signup-mail:{devices.mark(email_address.email)}"
            return not limits.take("1/d", key).over
        return True

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        user.name = form.cleaned_data.get("name", "")
        return super().save_user(request, user, form, commit)

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Prove an address. Where it is somebody's already, it was the same human: join the two."""
        owner = merging.verified_owner(email_address)
        if owner is not None:
            merging.merge(kept=owner, merged=email_address.user)
            merging.switch_sign_in(request, owner)
            email_address.user = owner  # allauth signs out whoever is not the address's user
            return True
        return super().confirm_email(request, email_address)


def on_the_site(url: str) -> str:
    """The same path at the address that the settings say, whatever Host a request had."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{settings.SITE_URL}{parts.path}{query}"


def _site() -> Any:
    from types import SimpleNamespace

    return SimpleNamespace(name=settings.WAGTAIL_SITE_NAME, domain=settings.SITE_DOMAIN)
