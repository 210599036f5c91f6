"""Every page in a real Chromium: accessible and no wider than the window, in light and dark."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from playwright.sync_api import Browser, BrowserContext, StorageState

from tests.stack.chromium import IN_CHROMIUM, no_axe_violations

pytestmark = IN_CHROMIUM

PUBLIC = [
    "/",
    "/pricing/",
    "/blog/",
    "/signup/",
    "/login/",
    "/login/code/",
    "/password/reset/",
    "/no-such-page/",
]
WORKSPACE = [
    "/",
    "/links/",
    "/files/",
    "/usage/",
    "/usage/clicks/",
    "/usage/clicks/?range=7d&by=hour&group=link_id",
    "/usage/limits/",
    "/members/",
    "/api-keys/",
    "/billing/",
    "/settings/",
    "/settings/audit/",
    "/settings/domains/",
    "/settings/export/",
    "/settings/delete/",
    "/no-such-page/",
]
OWN = ["/workspaces/", "/workspaces/import/"]
STAFF = ["/staff/usage/", "/staff/workspaces/"]
ABOUT_COLOURS = ["color-contrast", "link-in-text-block"]


@pytest.fixture(scope="module")
def demo_state(chromium: Browser, stack) -> StorageState:
    """The signed-in cookies of the demo's owner, once for all pages."""
    return signed_in(chromium, stack, "owner", re.compile(r"//acme\."))


@pytest.fixture(scope="module")
def staff_state(chromium: Browser, stack) -> StorageState:
    """Those of the demo's administrator, who has no workspace."""
    return signed_in(chromium, stack, "admin", re.compile(r"/(?!login/)\w*/?$"))


def signed_in(chromium: Browser, stack, role: str, then: re.Pattern[str]) -> StorageState:
    from plg_site import demo

    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{stack.site_url}/login/")
    page.locator("input[name=login]").fill(demo.PEOPLE[role][0])
    page.locator("input[name=password]").fill(demo.PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(then)
    state = context.storage_state()
    context.close()
    return state


def look(context: BrowserContext, url: str, *, rules: Sequence[str]) -> None:
    page = context.new_page()
    page.goto(url)
    no_axe_violations(page, rules=rules)
    wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wider <= 0, f"{url} is {wider} px wider than the window"
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_every_page_is_accessible_and_fits(chromium, stack, demo_state, staff_state, width, scheme):
    """Dark is the same page in other colours, so only rules about these are asked there."""
    seen_by = (
        (None, stack.site_url, PUBLIC),
        (demo_state, stack.workspace_url("acme"), WORKSPACE),
        (demo_state, stack.site_url, OWN),
        (staff_state, stack.site_url, STAFF),
    )
    for state, host, paths in seen_by:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, storage_state=state
        )
        for path in paths:
            look(context, host + path, rules=ABOUT_COLOURS if scheme == "dark" else ())
        context.close()
