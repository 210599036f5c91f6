"""The content policy and the component contract hold in every template of the project."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

ROOT = Path(settings.BASE_DIR)
TEMPLATES = ROOT / "templates"
PAGES = sorted(
    path for path in TEMPLATES.rglob("*.html") if not {"emails", "email"} & set(path.parts)
)
SPRITE = (ROOT / "static/img/icons.svg").read_text()
ICONS = set(re.findall(r'<symbol id="([^"]+)"', SPRITE))


def _named(page: Path) -> str:
    return str(page.relative_to(TEMPLATES))


def _uses(pattern: str) -> dict[str, set[str]]:
    found = {_named(page): set(re.findall(pattern, page.read_text())) for page in PAGES}
    return {name: values for name, values in found.items() if values}


@pytest.mark.parametrize("page", PAGES, ids=_named)
def test_a_page_carries_no_inline_style_script_or_handler(page: Path) -> None:
    text = re.sub(
        r"{#.*?#}|{% comment %}.*?{% endcomment %}", "", page.read_text(), flags=re.DOTALL
    )
    assert not re.search(r"\sstyle=|<style\b|\son[a-z]+=[\"']", text)
    assert not re.search(r"<script\b(?![^>]*(?:\bsrc=|application/json))", text)


@pytest.mark.parametrize("page", PAGES, ids=_named)
def test_a_page_compiles(page: Path) -> None:
    get_template(_named(page))


def test_every_icon_that_a_page_names_is_in_the_sprite() -> None:
    for page, names in _uses(r'icon\.html" with name="([a-z-]+)"').items():
        assert names <= ICONS, page
    for page, names in _uses(r'\bicon="([a-z-]+)"').items():
        assert names <= ICONS, page


def test_every_navigation_entry_has_an_icon_of_the_sprite() -> None:
    assert {icon for _, _, icon in settings.WORKSPACE_NAV} <= ICONS


def test_every_included_component_exists() -> None:
    for page, names in _uses(r'include "(components/[a-z_]+\.html)"').items():
        missing = [name for name in names if not (TEMPLATES / name).is_file()]
        assert not missing, page


def test_the_design_language_page_names_every_component() -> None:
    text = (ROOT / "docs/design-language.md").read_text()
    parts_of_the_bases = {
        "brand", "side_nav", "site_footer", "site_header", "site_nav", "signpost",
        "stylesheets", "user_items", "workspace_link",
    }  # fmt: skip
    components = {page.stem for page in (TEMPLATES / "components").glob("*.html")}
    undocumented = {name for name in components - parts_of_the_bases if name not in text}
    assert not undocumented
