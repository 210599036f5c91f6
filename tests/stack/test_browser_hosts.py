"""A browser that does not find names below localhost, as Safari does not: pages say what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.stack.chromium import CHROMIUM, FLAGS, IN_CHROMIUM, no_axe_violations

pytestmark = [*IN_CHROMIUM, pytest.mark.thorough]

ADVICE = "bin/dev --domain NAME"
Opens = Callable[[str], Page]


@pytest.fixture
def without(chromium: Browser) -> Iterator[Opens]:
    """A tab of a Chromium that is told that a host is not to be found."""
    browsers: list[Browser] = []

    def tab(host: str) -> Page:
        flags = [*FLAGS, f"--host-resolver-rules=MAP {host} ~NOTFOUND"]
        browsers.append(chromium.browser_type.launch(executable_path=CHROMIUM, args=flags))
        return browsers[-1].new_context(viewport={"width": 390, "height": 844}).new_page()

    yield tab
    for browser in browsers:
        browser.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_sign_up_says_that_no_workspace_can_be_reached(stack, without, scheme):
    tab = without(f"*.{stack.addresses.domain}")
    tab.emulate_media(color_scheme=scheme)
    tab.goto(f"{stack.site_url}/signup/")
    hint = tab.get_by_role("alert").filter(has_text=ADVICE)
    expect(hint).to_be_visible()
    expect(hint).to_contain_text(f"This browser does not find *.{stack.addresses.domain}")
    no_axe_violations(tab)
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_browser_that_finds_workspaces_is_told_nothing(stack, chromium):
    tab = chromium.new_page()
    probed = []
    tab.on("requestfinished", lambda request: probed.append(request.url))
    tab.goto(f"{stack.site_url}/login/")
    tab.wait_for_load_state("networkidle")
    assert any(url.startswith(stack.workspace_url("any-workspace")) for url in probed)
    expect(tab.get_by_text(ADVICE)).to_be_hidden()
    tab.close()


def test_localhost_leads_to_the_site(stack, chromium):
    tab = chromium.new_page()
    tab.goto(f"http://localhost:{stack.addresses.port}/pricing/?from=here")
    tab.wait_for_url(f"{stack.site_url}/pricing/?from=here")
    tab.close()


def test_localhost_says_so_where_the_site_is_not_found(stack, without):
    tab = without(stack.addresses.domain)
    tab.goto(f"http://localhost:{stack.addresses.port}/pricing/")
    expect(tab.get_by_role("alert").filter(has_text=ADVICE)).to_be_visible()
    expect(tab.get_by_role("link", name=f"{stack.site_url}/pricing/")).to_be_visible()
    no_axe_violations(tab)
