"""Letters in a real Chromium: the pages on which they are edited, and as they arrive."""

from __future__ import annotations

import re
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, StorageState, expect

from outbound import letter_preview, letters
from tests.stack.chromium import IN_CHROMIUM, no_axe_violations
from tests.stack.test_browser_pages import WIDTHS, fits, signed_in

pytestmark = [*IN_CHROMIUM, pytest.mark.thorough]

SCHEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")
WCAG = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
KIND = "identity.login_code"


@pytest.fixture(scope="module")
def editor_state(chromium: Browser, stack) -> StorageState:
    return signed_in(chromium, stack, "editor", re.compile(r"/(?!login/)\w*/?$"))


def test_an_editor_writes_a_letter_sees_it_and_publishes_it(chromium, stack, editor_state):
    context = chromium.new_context(storage_state=editor_state)
    page = context.new_page()
    page.goto(f"{stack.site_url}/cms/letters/kinds/{KIND}/")
    page.get_by_role("button", name="Write your own").click()
    page.wait_for_url(re.compile(r"/cms/letters/edited/edit/\d+/"))
    edit = page.url
    subject = page.locator("input[name=subject]")
    expect(subject).to_have_value("Your sign-in code: {{ code }}")
    subject.fill("Here is {{ kode }}")
    publish(page)
    expect(page.get_by_text("There is no variable “kode” in this letter").first).to_be_visible()
    page.close()  # it saves by itself, and would be told of another window
    page = context.new_page()
    page.goto(edit)
    page.wait_for_load_state("networkidle")
    page.locator("input[name=subject]").fill("Here is {{ code }}")
    publish(page)
    expect(page.get_by_text("published").first).to_be_visible()
    page.goto(f"{stack.site_url}/cms/letters/")
    expect(page.get_by_text("Yours (en)")).to_have_count(1)
    page.goto(f"{stack.site_url}/cms/letters/kinds/{KIND}/")
    page.get_by_role("button", name="Send the newest draft to me").click()
    expect(page.get_by_text("is on its way to")).to_be_visible()
    page.get_by_role("button", name="Back to the platform's words").click()
    expect(page.get_by_text("leaves in the platform's own words again")).to_be_visible()
    context.close()


def publish(page: Page) -> None:
    page.get_by_role("button", name="More actions").last.click()
    page.get_by_role("button", name="Publish", exact=True).click()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_pages_of_letters_are_accessible_and_fit(chromium, stack, editor_state, scheme):
    context = chromium.new_context(storage_state=editor_state, color_scheme=scheme)
    page = context.new_page()
    for path in ("", f"kinds/{KIND}/"):
        page.goto(f"{stack.site_url}/cms/letters/{path}")
        for width in WIDTHS:
            fits(page, width=width)
            no_axe_violations(page)
    context.close()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_letter_is_accessible_and_fits_a_phone(chromium, scheme):
    """In the scheme of the mailbox, and as the preview fixes it."""
    page = chromium.new_context(color_scheme=scheme).new_page()
    for kind in letters.every():
        letter, _ = letters.render(kind, kind.content, kind.examples())
        page.set_content(letter.html)
        for width in WIDTHS:
            fits(page, width=width)
        results = Axe().run(page, options={"resultTypes": ["violations"], "runOnly": WCAG})
        assert results.violations_count == 0, f"{kind.key}\n{results.generate_report()}"
    ground = "getComputedStyle(document.body).backgroundColor"
    shown = page.evaluate(ground)
    for each in SCHEMES:
        page.set_content(letter_preview.in_scheme(letter.html, dark=each == "dark"))
        assert (page.evaluate(ground) == shown) is (each == scheme)
    page.context.close()
