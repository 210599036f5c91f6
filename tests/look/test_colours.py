"""Text colours have AA contrast on what they are written on, in light and dark (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

CSS = (Path(settings.BASE_DIR) / "static/css/tokens.css").read_text()
TEXT, SHAPE = 4.5, 3.0  # WCAG: text; borders of controls and graphics (1.4.11)

PAIRS = [
    *[(ink, on, TEXT) for ink in ("ink", "ink-2", "ink-3", "link") for on in ("ground", "surface")],
    *[(ink, "surface-2", TEXT) for ink in ("ink", "ink-2", "link")],
    *[(kind, f"{kind}-soft", TEXT) for kind in ("success", "warn", "danger", "info")],
    *[(kind, "surface", TEXT) for kind in ("warn", "danger")],
    *[("ink", f"{kind}-soft", TEXT) for kind in ("success", "warn", "danger", "info")],
    ("on-brand", "brand", TEXT),
    ("on-brand", "brand-hover", TEXT),
    ("on-signal", "signal", TEXT),
    ("on-signal", "signal-hover", TEXT),
    ("on-danger", "danger", TEXT),
    ("on-panel", "panel", TEXT),
    ("on-panel-2", "panel", TEXT),
    ("link", "brand-soft", TEXT),
    ("line-strong", "surface", SHAPE),
    *[(f"series-{name}", "surface", SHAPE) for name in ("1", "2", "3", "4", "5", "others")],
    ("focus", "ground", SHAPE),
    ("focus", "surface", SHAPE),
]


def _tokens(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", css))


LIGHT_CSS, DARK_CSS = CSS.split("@media (prefers-color-scheme: dark)")
SCHEMES = {"light": _tokens(LIGHT_CSS), "dark": {**_tokens(LIGHT_CSS), **_tokens(DARK_CSS)}}


def _luminance(colour: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2, "relative luminance")."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("text", "ground", "least"), PAIRS)
def test_a_colour_can_be_read_on_its_ground(
    scheme: str, text: str, ground: str, least: float
) -> None:
    tokens = SCHEMES[scheme]
    assert _contrast(tokens[text], tokens[ground]) >= least
