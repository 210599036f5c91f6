"""Mail to the people who look after the website."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import EmailMultiAlternatives
from django.db.models import Q
from django.template.loader import render_to_string

from cms import slots
from cms.editors import GROUP

if TYPE_CHECKING:
    from cms.late import Late
    from cms.models import SiteBuild

MOST = 50  # people; an installation has a handful


def tell_editors(build: SiteBuild) -> None:
    """Say that the site cannot be built, to editors and staff, one mail each."""
    _tell("The website could not be built", "build_failed", build=build)


def tell_of_late(late: Late) -> None:
    """Say that something with a date has not appeared, or not ended, to the same people."""
    what = "has not ended" if late.ends else "was not published"
    _tell(f"A page {what}, though its date has come", "late", late=late)


def _tell(subject: str, template: str, **about: Any) -> None:
    site = settings.SITE_URL
    context = {"subject": subject, "site_url": site, "url": f"{site}/cms/", **about}
    text = render_to_string(f"cms/email/{template}.txt", context)
    html = render_to_string(f"cms/email/{template}.html", context)
    for address in _addresses():
        message = EmailMultiAlternatives(subject, text, to=[address])
        message.attach_alternative(html, "text/html")
        slots.get("mail")(message)


def _addresses() -> list[str]:
    looks_after = Q(is_superuser=True) | Q(is_staff=True) | Q(groups__name=GROUP)
    people = get_user_model().objects.filter(looks_after, is_active=True).distinct()[:MOST]
    return sorted({person.email for person in people if person.has_verified_email})
