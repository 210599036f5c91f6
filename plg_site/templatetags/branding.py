"""The brand in every template without a load, mails and error pages included.

{% brand "name" %}, and "line", "mark", "sender"; {% colour "panel" %} and {% colour "panel" dark=True %}
where a style sheet cannot be had, as in mails.
"""

from __future__ import annotations

from django import template
from django.conf import settings

from plg_site.configuration.brand import colours

register = template.Library()


@register.simple_tag
def brand(what: str) -> str:
    """One of the words of `[brand]` in site.toml."""
    return str(getattr(settings.BRAND, what))


@register.simple_tag
def colour(token: str, *, dark: bool = False) -> str:
    """A colour of static/css/tokens.css, like #0a4333."""
    return colours(dark=dark)[token]
