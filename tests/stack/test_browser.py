"""The journey in a real Chromium: what a person sees, clicks and reads, at phone and desk width."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    StorageState,
    expect,
    sync_playwright,
)

from plg_site.walk.walker import Walk

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = [
    pytest.mark.stack,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed; see bin/test"),
]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console",
        lambda message: (
            errors.append(message.text) if "Content Security Policy" in message.text else None
        ),
    )
    yield page
    context.close()
    assert errors == [], "scripts failed or the policy was broken"


def no_axe_violations(page: Page) -> None:
    results = Axe().run(page)
    assert results.violations_count == 0, f"{page.url}\n{results.generate_report()}"


def sign_up(tab: Page, site: str) -> str:
    """Through the form, as a person does; returns the run's tag."""
    run = secrets.token_hex(3)
    tab.goto(f"{site}/signup/")
    tab.get_by_label("Your name").fill("Bruna Browser")
    tab.get_by_label("Work email").fill(f"browser-{run}@example.com")
    tab.get_by_label("Workspace name").fill(f"Browser {run}")
    expect(tab.get_by_label("Workspace address")).to_have_value(f"browser-{run}")
    tab.get_by_label("Password").fill(secrets.token_urlsafe(12))
    tab.locator("main form button[type=submit]").click()
    tab.wait_for_url(re.compile(rf"//browser-{run}\."))
    return run


def test_a_person_goes_from_the_home_page_to_a_paid_workspace(tab, chromium, stack, new_walk):
    tab.goto(stack.site_url + "/")
    no_axe_violations(tab)
    tab.get_by_role("link", name="Pricing").first.click()
    expect(tab.get_by_role("heading", name="Pro", exact=True)).to_be_visible()
    no_axe_violations(tab)
    tab.goto(f"{stack.site_url}/signup/")
    no_axe_violations(tab)

    run = sign_up(tab, stack.site_url)
    workspace = re.match(r"https?://[^/]+", tab.url).group(0)
    no_axe_violations(tab)

    tab.goto(f"{workspace}/links/")
    tab.locator("input[name=target_url]").fill(f"{stack.site_url}/blog/")
    tab.locator("input[name=target_url]").press("Enter")
    short_url = tab.get_by_label("Short link").first.input_value()

    tab.goto(f"{workspace}/usage/")
    clicks = tab.locator("#meter-clicks .meter__value strong")
    expect(clicks).to_have_text("0")
    stranger = chromium.new_context()
    stranger.new_page().goto(short_url)
    stranger.close()
    # No reload: the page itself brings the number. (Two seconds is the bar; see the walk's figures.)
    expect(clicks).to_have_text("1", timeout=10_000)
    no_axe_violations(tab)

    walk: Walk = new_walk()
    text = walk.mail(f"browser-{run}@example.com", "")
    tab.goto(re.search(r"https?://\S+/confirm-email/\S+", text).group(0))
    tab.locator("main form button[type=submit]").first.click()

    tab.goto(f"{workspace}/billing/")
    no_axe_violations(tab)
    tab.get_by_role("button", name=re.compile("Pro")).first.click()
    tab.locator("input[name=card_number]").fill("4242 4242 4242 4242")
    tab.locator("input[name=cardholder_name]").fill("Bruna Browser")
    tab.get_by_role("button", name=re.compile("Pay")).click()
    tab.wait_for_url(re.compile(rf"{re.escape(workspace)}/billing/"))
    expect(tab.locator("main")).to_contain_text("Pro")


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
    "/members/",
    "/api-keys/",
    "/billing/",
    "/settings/",
    "/no-such-page/",
]


@pytest.fixture(scope="module")
def demo_state(chromium: Browser, stack) -> StorageState:
    """The signed-in cookies of the demo's owner, once for all pages."""
    from plg_site import demo

    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{stack.site_url}/login/")
    page.locator("input[name=login]").fill(demo.PEOPLE["owner"][0])
    page.locator("input[name=password]").fill(demo.PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url(re.compile(r"//acme\."))
    state = context.storage_state()
    context.close()
    return state


def look(context: BrowserContext, url: str) -> None:
    page = context.new_page()
    page.goto(url)
    no_axe_violations(page)
    wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wider <= 0, f"{url} is {wider} px wider than the window"
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_every_page_is_accessible_and_fits(chromium, stack, demo_state, width, scheme):
    viewport = {"width": width, "height": 900}
    context = chromium.new_context(viewport=viewport, color_scheme=scheme)
    for path in PUBLIC:
        look(context, stack.site_url + path)
    context.close()
    context = chromium.new_context(viewport=viewport, color_scheme=scheme, storage_state=demo_state)
    for path in WORKSPACE:
        look(context, stack.workspace_url("acme") + path)
    context.close()


def test_the_forms_work_without_javascript(chromium, stack):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    run = secrets.token_hex(3)
    page.goto(f"{stack.site_url}/signup/")
    page.get_by_label("Your name").fill("Nina Noscript")
    page.get_by_label("Work email").fill(f"noscript-{run}@example.com")
    page.get_by_label("Workspace name").fill(f"Noscript {run}")
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(re.compile(rf"//noscript-{run}\."))
    page.goto(re.match(r"https?://[^/]+", page.url).group(0) + "/links/")
    page.locator("input[name=target_url]").fill(f"{stack.site_url}/pricing/")
    page.locator("input[name=target_url]").press("Enter")
    expect(page.locator("main")).to_contain_text("/pricing/")
    context.close()
