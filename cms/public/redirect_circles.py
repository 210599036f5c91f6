"""No redirect of the website leads back to where one has come from, over however many others."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from wagtail.contrib.redirects.models import Redirect

MOST = 20  # steps; browsers give up then, too
_clean = Redirect.clean


def connect() -> None:
    """Every form for a redirect asks, the editors' and the import's."""
    Redirect.clean = _clean_without_circle


def _clean_without_circle(redirect: Redirect) -> None:
    _clean(redirect)
    if leads_back(redirect):
        words = "This would lead back to itself: what it leads to is redirected here."
        raise ValidationError(words, code="circle")


def leads_back(redirect: Redirect) -> bool:
    """Whether who follows it comes back to it, or never arrives."""
    start, path = redirect.old_path, _path_of(redirect)
    for _ in range(MOST):
        if path is None:
            return False
        if path == start:
            return True
        others = Redirect.objects.filter(old_path=path).exclude(pk=redirect.pk)
        found = others.first()
        path = _path_of(found) if found else None
    return True


def _path_of(redirect: Redirect) -> str | None:
    """The path on the site that it leads to, as redirects are stored; None for a page or elsewhere."""
    if redirect.redirect_page_id or not redirect.redirect_link:
        return None
    parts = urlsplit(redirect.redirect_link)
    if parts.netloc and parts.netloc.lower() != urlsplit(settings.SITE_URL).netloc:
        return None
    return str(Redirect.normalise_path(parts._replace(scheme="", netloc="").geturl()))
