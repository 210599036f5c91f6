"""The second step of the demo's staff in a real browser."""

from __future__ import annotations

from playwright.sync_api import Page

from identity.security import demo_factor


def show_second_factor(page: Page) -> None:
    """Type codes until one is taken: another test may have used up that of this half minute."""
    for code in [*demo_factor.codes(), ""]:
        field = page.locator("input[name=code]")
        if not field.count():
            return
        if not code:
            page.wait_for_timeout(31_000)
            code = demo_factor.codes()[0]
        field.fill(code)
        field.press("Enter")
        page.wait_for_load_state()
    assert not page.locator("input[name=code]").count(), "no code was taken"
