"""System checks: templates that contradict themselves are found at start-up, not in a sign-up."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, register

from tenants.pool import templates


@register()
def check_templates(**_: Any) -> list[CheckMessage]:
    """The product has templates, each with a name of its own."""
    try:
        templates.listed()
    except (templates.TemplateError, ImportError, AttributeError) as error:
        return [Error(f"PRODUCT_APP.templates.TEMPLATES: {error}", id="tenants.E001")]
    return []
