"""Name, line, mark, sender and words from `site.toml`, colours from the design tokens: each in one place."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from django.conf import settings

TOKENS = Path("css", "tokens.css")
_DARK = "prefers-color-scheme: dark"
_COLOUR = re.compile(r"--([\w-]+):\s*(#[0-9a-f]{6});")


@cache
def colours(*, dark: bool = False) -> dict[str, str]:
    """The tokens that are colours, by name: "panel" is "#0a4333". Dark ones stand on the light ones."""
    text = Path(settings.STATICFILES_DIRS[0], TOKENS).read_text()
    light, _, night = text.partition(_DARK)
    found = dict(_COLOUR.findall(light))
    return found | dict(_COLOUR.findall(night)) if dark else found
