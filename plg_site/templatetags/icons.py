"""Symbols of the sprite, in every template without a load: {% icon "mail" %}."""

from __future__ import annotations

from functools import lru_cache

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
@lru_cache(maxsize=1_000)  # a page has some thirty of them
def icon(name: str, label: str = "") -> SafeString:
    """A symbol by its name. `label` is read aloud; without one the words beside it say it."""
    said = format_html('role="img" aria-label="{}"', label) if label else 'aria-hidden="true"'
    return format_html(
        '<svg class="icon" width="18" height="18" {}><use href="{}#{}"></use></svg>',
        SafeString(said),
        static("img/icons.svg"),
        name,
    )
