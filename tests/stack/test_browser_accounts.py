"""The pages on which it is decided whose account it is, in a real Chromium."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from plg_site.walk.walker import Walk
from tests.stack.chromium import IN_CHROMIUM
from tests.stack.test_browser_pages import SCHEMES, look

pytestmark = [*IN_CHROMIUM, pytest.mark.thorough]


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    yield context.new_page()
    context.close()


def sign_up(chromium: Browser, site: str, *, email: str, workspace: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{site}/signup/")
    page.get_by_label("Your name").fill(f"Who began {workspace}")
    page.get_by_label("Work email").fill(email)
    page.get_by_label("Workspace name").fill(workspace)
    page.get_by_label("Password").fill(secrets.token_urlsafe(12))
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(re.compile(rf"//{workspace.lower().replace(' ', '-')}\."))
    context.close()


def seen(tab: Page) -> None:
    """Accessible and no wider than the window, here and now, in light and dark."""
    for scheme, rules in SCHEMES.items():
        tab.emulate_media(color_scheme=scheme)
        look(tab, tab.url, rules=rules)


def in_mail(walk: Walk, email: str, subject: str, pattern: str) -> str:
    found = re.search(pattern, walk.mail(email, subject), re.MULTILINE)
    assert found is not None
    return found[1]


def test_two_sign_ups_one_mailbox(tab, chromium, stack, new_walk):
    """Link, code, choice, what was begun, joining, undoing: by keyboard, seen at every step."""
    walk: Walk = new_walk()
    run = secrets.token_hex(3)
    email = f"twice-{run}@example.com"
    for workspace in (f"First {run}", f"Second {run}"):
        sign_up(chromium, stack.site_url, email=email, workspace=workspace)

    tab.goto(in_mail(walk, email, "confirm", r"(https?://\S+/confirm-email/\S+)"))
    expect(tab.get_by_text("You are not signed in to it here.")).to_be_visible()
    seen(tab)

    tab.goto(f"{stack.site_url}/login/")
    tab.get_by_label("Email").fill(email)
    tab.get_by_role("button", name="Mail me a sign-in code").press("Enter")
    tab.wait_for_url(re.compile("/login/code/confirm/"))
    expect(tab.get_by_text(email).first).to_be_visible()
    code = in_mail(walk, email, "sign-in code", r"^([A-Z0-9]{3,4}-?[A-Z0-9]{3,4})$")
    tab.get_by_label("Code").fill(code)
    tab.get_by_label("Code").press("Enter")

    tab.wait_for_url(re.compile("/login/code/choose/"))
    seen(tab)
    tab.get_by_label(f"Second {run}", exact=True).press("Space")
    tab.get_by_role("button", name="Go on with this one").press("Enter")

    tab.wait_for_url(re.compile("/email/begun/"))
    expect(tab.get_by_role("button", name="Keep it")).to_be_visible()
    seen(tab)
    tab.get_by_role("button", name="Join it to my account").press("Enter")
    expect(tab.get_by_text("Joined: it is in your account now.")).to_be_visible()
    seen(tab)
    tab.get_by_role("button", name="Take them apart").press("Enter")
    expect(tab.get_by_text("Taken apart.")).to_be_visible()

    sign_up(chromium, stack.site_url, email=email, workspace=f"Third {run}")
    tab.goto(in_mail(walk, email, "confirm", r"(https?://\S+/confirm-email/\S+)"))
    expect(tab.get_by_role("button", name="It was me: join them")).to_be_visible()
    seen(tab)
