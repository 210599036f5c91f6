"""{% load bell %}{% bell %}: the bell, wherever a page has a place for it; nothing for a visitor."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import RequestContext

from outbound.bell import shown

register = template.Library()


@register.inclusion_tag("components/bell.html", takes_context=True)
def bell(context: RequestContext) -> dict[str, Any]:
    """Asked once for a request, however many places a page has for it."""
    request = context.get("request")
    return {"bell": shown.bell(request) if request is not None else None}
