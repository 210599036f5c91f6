"""The waiting room in a real browser without JavaScript: it asks again by itself, and leads to the form."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, expect

from plg_site.devstack.options import ROOT
from plg_site.devstack.programs import without_made_up
from plg_site.devstack.stack import Stack
from tests.stack.chromium import IN_CHROMIUM, no_axe_violations

pytestmark = [*IN_CHROMIUM, pytest.mark.thorough]
MANY = 400  # a minute and more at five a second
FILL = f"""
import time
from tenants.signing_up import line
now = time.time()
for _ in range({MANY}):
    line.ask(now=now)
"""
EMPTY = """
from django.conf import settings
from events.redis import quick
from tenants.signing_up import line
quick(settings.REDIS_URL).delete(*line._keys())
"""
WIDTHS = ((390, "light"), (1440, "dark"))
PATIENCE = 300_000  # ms


def manage(stack: Stack, *words: str) -> None:
    ended = subprocess.run(
        [ROOT / "bin" / "manage", "--state", str(stack.state.path), *words],
        env=without_made_up(os.environ), capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr


@pytest.fixture
def crowd(stack: Stack) -> Iterator[None]:
    """The highest level, and many who came before."""
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat(timespec="minutes")
    manage(stack, "launch", "on", "--level", "3", "--until", until, "--because", "A test")
    try:
        manage(stack, "shell", "-v0", "-c", FILL)
        yield
    finally:
        manage(stack, "launch", "off")
        manage(stack, "shell", "-v0", "-c", EMPTY)


def test_it_is_accessible_and_fits(chromium: Browser, stack: Stack, crowd: None) -> None:
    for width, scheme in WIDTHS:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme
        )
        page = context.new_page()
        for address, says in (("/signup/", "You are in line"), ("/signup/place/", "in line")):
            page.goto(f"{stack.site_url}{address}")
            expect(page.get_by_text(says).first).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            no_axe_violations(page)
        context.close()


def test_without_javascript_it_leads_to_the_form(
    chromium: Browser, stack: Stack, crowd: None
) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{stack.site_url}/signup/")
    expect(page.get_by_role("heading", name="You are in line")).to_be_visible()
    manage(stack, "shell", "-v0", "-c", LEAVE)
    expect(page.get_by_label("Workspace name")).to_be_visible(timeout=PATIENCE)
    context.close()


# All who came before have left: nobody has seen them for longer than they are waited for.
LEAVE = """
from django.conf import settings
from events.redis import quick
from tenants.signing_up import line
waits, until, _, _ = line._keys()
client = quick(settings.REDIS_URL)
last = client.zrange(waits, -1, -1)[0]
for number in client.hkeys(until):
    if number != last:
        client.hset(until, number, 0)
"""
