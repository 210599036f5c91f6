"""A domain of a workspace's own in a real Chromium: sign-in by form, under the content policy; axe."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.tenants.domains.test_sign_in import OURS, at, port, world  # noqa: F401 - fixtures

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.thorough,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed; see bin/test"),
]
HOME = at(f"acme.{settings.APP_DOMAIN}")


@pytest.fixture(scope="module")
def chromium(port: int) -> Iterator[Browser]:  # noqa: F811
    flags = [
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        f"--host-resolver-rules=MAP * 127.0.0.1:{port}",
    ]
    with sync_playwright() as playwright:
        # Playwright runs an event loop in this thread; Django would refuse the ORM.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


DESK, PHONE = (1440, "light"), (390, "dark")


@pytest.fixture
def tab(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    width, scheme = getattr(request, "param", DESK)
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    page = context.new_page()
    broken: list[str] = []
    page.on("console", lambda m: broken.append(m.text) if "Content Security" in m.text else None)
    yield page
    context.close()
    assert broken == []


def look(tab: Page, name: str) -> None:
    """No violation; and a picture, where somebody wants one."""
    if folder := os.environ.get("LOOK_AT"):
        size = tab.viewport_size or {"width": 0}
        tab.screenshot(path=Path(folder) / f"{name}-{size['width']}.png", full_page=True)
    results = Axe().run(tab)
    assert results.violations_count == 0, f"{tab.url}\n{results.generate_report()}"


def sign_in(tab: Page, email: str) -> None:
    tab.get_by_label("Email").fill(email)
    tab.get_by_label("Password").fill("correct horse")
    tab.locator("main form button[type=submit]").first.click()


@pytest.mark.parametrize("tab", [DESK, PHONE], indirect=True)
def test_a_person_signs_in_on_the_domain_looks_around_and_signs_out(world, tab):  # noqa: F811
    tab.goto(at(OURS, "/settings/domains/"))
    sign_in(tab, "owner@acme.example")
    tab.wait_for_url(at(OURS, "/settings/domains/"))
    look(tab, "list")
    tab.get_by_role("link", name=OURS).click()
    expect(tab.get_by_text("It leads here.")).to_be_visible()
    look(tab, "domain")
    tab.get_by_role("button", name="lead everybody here").click()
    expect(tab.get_by_text("ordinary address leads here")).to_be_visible()
    tab.goto(f"{HOME}links/")
    tab.wait_for_url(at(OURS, "/links/"))
    tab.goto(f"{settings.SITE_URL}/go/")
    tab.wait_for_url(at(OURS))
    tab.evaluate("document.querySelector('form[action=\"/logout/\"]').submit()")
    tab.wait_for_url(at(OURS, "/sign-in/out/"))
    look(tab, "signed-out")


def test_after_the_sign_in_form_the_ordinary_address_leads_there(world, tab):  # noqa: F811
    """The browser applies the sign-in page's form-action to every redirect that follows."""
    from identity.models import User
    from tenants.domains import claims

    claims.make_primary(world.acme, redirects=True, by=User.objects.get(email="owner@acme.example"))
    tab.goto(f"{settings.SITE_URL}/login/")
    sign_in(tab, "owner@acme.example")
    tab.wait_for_url(at(OURS))


@pytest.mark.parametrize("tab", [PHONE], indirect=True)
def test_who_is_no_member_reads_why(world, tab):  # noqa: F811
    tab.goto(at(OURS, "/links/"))
    sign_in(tab, "outsider@example.com")
    expect(tab.get_by_text("not one of them")).to_be_visible()
    look(tab, "not-signed-in")
