"""What an installation begins with that is nobody's demo: a home page with its name, and its plans."""

from __future__ import annotations

from typing import Any

from django.conf import settings


def home() -> dict[str, Any]:
    name, line = settings.BRAND.name, settings.BRAND.line
    return {
        "title": name,
        "slug": "website",
        "hero_title": (line or name)[:120],
        "primary_label": "Sign up",
        "primary_address": "/signup/",
        "secondary_label": "See the plans",
        "secondary_address": "/pricing/",
    }


def pricing() -> dict[str, Any]:
    return {"title": "Pricing", "slug": "pricing", "show_in_menus": True, "headline": "Plans"}
