"""allauth's hooks: where sign-in leads, which addresses are safe, and how its mail leaves."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core import context
from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from identity import mail, merging
from identity.security import recent, second_factor


class AccountAdapter(DefaultAccountAdapter):
    def is_safe_url(self, url: str) -> bool:
        """Redirects may lead to the site and to workspaces, never elsewhere."""
        parts = urlsplit(url)
        if not parts.netloc:
            return super().is_safe_url(url)
        host = (parts.hostname or "").lower()
        own = host == settings.SITE_DOMAIN or host.endswith(f".{settings.APP_DOMAIN}")
        return own and parts.scheme == settings.PUBLIC_SCHEME

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """allauth's own pages ask again by the same rule as ours (`identity.security.recent`)."""
        return not recent.is_recent(context.request)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Staff and editors show their second factor also when they are asked again."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        factors = [each for each in methods if str(each["id"]).startswith("mfa_")]
        return factors if factors and second_factor.is_needed_by(user) else methods

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        context = {"email": email, "site_url": settings.SITE_URL, **context}
        context.setdefault("current_site", SimpleLazyObject(_site))
        mail.deliver(self.render_mail(template_prefix, email, context))

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


def _site() -> Any:
    from types import SimpleNamespace

    return SimpleNamespace(name=settings.WAGTAIL_SITE_NAME, domain=settings.SITE_DOMAIN)
