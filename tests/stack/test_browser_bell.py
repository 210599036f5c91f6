"""The bell in a real Chromium: it hears without a reload, and works by keyboard, in both schemes and widths,
and without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from plg_site.development import demo
from tests.stack.chromium import IN_CHROMIUM, no_axe_violations
from tests.stack.test_browser_pages import SCHEMES, WIDTHS, fits, signed_in

pytestmark = IN_CHROMIUM
SEND = """
from identity.models import User
from outbound import notifications
from tenants.models import Tenant
notifications.send(
    [User.objects.get(email={email!r})], title={title!r}, text="Eight of ten.", path="/usage/",
    topic="workspace", tenant=Tenant.objects.get(slug="acme"),
)
"""


@pytest.fixture(scope="module")
def demo_state(chromium: Browser, stack) -> StorageState:
    return signed_in(chromium, stack, "owner", re.compile(r"//acme\."))


@pytest.fixture
def send(stack) -> Callable[[], str]:
    """Somebody decides it in another process; returns its title."""

    def now() -> str:
        title = f"News {uuid4().hex[:8]}"
        code = SEND.format(email=demo.PEOPLE["owner"][0], title=title)
        done = stack.manage("shell", "-v0", "-c", code)
        assert done.returncode == 0, done.stderr
        return title

    return now


@pytest.fixture
def page(chromium: Browser, stack, demo_state: StorageState) -> Iterator[Page]:
    """A wide page of the workspace, on which nothing is unread."""
    context = chromium.new_context(
        storage_state=demo_state, viewport={"width": 1440, "height": 900}
    )
    page = context.new_page()
    page.goto(stack.workspace_url("acme") + "/notifications/")
    if page.get_by_role("main").get_by_role("button", name="Mark all as read").count():
        page.get_by_role("main").get_by_role("button", name="Mark all as read").click()
    page.goto(stack.workspace_url("acme") + "/members/")
    expect(bell(page)).to_have_attribute("aria-label", "Notifications, none unread")
    yield page
    context.close()


def bell(page: Page):
    return page.locator("[data-bell] > a:visible")


def panel(page: Page):
    return page.get_by_role("dialog", name="Notifications")


def test_what_comes_is_counted_and_said_without_a_reload(page, send):
    page.evaluate("window.notReloaded = true")
    title = send()
    expect(bell(page)).to_have_attribute("aria-label", "Notifications, 1 unread")
    expect(page.locator(".bell__count:visible")).to_have_text("1")
    expect(page.locator("p[role=status]")).to_have_text(f"New notification: {title}")
    assert page.evaluate("window.notReloaded")


def test_by_keyboard_alone(page, send):
    first, second = send(), send()
    expect(bell(page)).to_have_attribute("aria-label", "Notifications, 2 unread")
    bell(page).focus()
    page.keyboard.press("Space")
    expect(bell(page)).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("heading", name="Notifications", level=2)).to_be_focused()
    reading = panel(page).get_by_role("button", name=f"Mark as read: {second}")
    reading.focus()
    page.keyboard.press("Enter")
    unreading = panel(page).get_by_role("button", name=f"Mark as unread: {second}")
    expect(unreading).to_be_focused()  # the same place
    expect(bell(page)).to_have_attribute("aria-label", "Notifications, 1 unread")
    page.keyboard.press("Enter")
    expect(bell(page)).to_have_attribute("aria-label", "Notifications, 2 unread")
    panel(page).get_by_role("button", name=f"Dismiss: {second}").focus()
    page.keyboard.press("Enter")
    expect(panel(page).get_by_text(second, exact=True)).to_have_count(0)
    expect(page.get_by_role("heading", name="Notifications", level=2)).to_be_focused()
    panel(page).get_by_role("button", name="Mark all as read").press("Enter")
    expect(bell(page)).to_have_attribute("aria-label", "Notifications, none unread")
    expect(panel(page).get_by_role("link", name=first)).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel(page)).to_have_count(0)
    expect(bell(page)).to_be_focused()
    expect(bell(page)).to_have_attribute("aria-expanded", "false")


def test_who_follows_one_has_read_it(page, send):
    title = send()
    expect(bell(page)).to_have_attribute("aria-label", "Notifications, 1 unread")
    bell(page).click()
    panel(page).get_by_role("link", name=title).click()
    page.wait_for_url(re.compile(r"/usage/$"))
    expect(bell(page)).to_have_attribute("aria-label", "Notifications, none unread")


def test_another_open_page_hears_that_it_was_read(page, send, chromium, stack, demo_state):
    send()
    expect(bell(page)).to_have_attribute("aria-label", "Notifications, 1 unread")
    other = chromium.new_context(storage_state=demo_state).new_page()
    other.goto(f"{stack.site_url}/account/notifications/")
    other.get_by_role("main").get_by_role("button", name="Mark all as read").click()
    expect(bell(page)).to_have_attribute("aria-label", "Notifications, none unread")
    other.context.close()


def test_it_is_accessible_and_fits_on_both_hosts(chromium, stack, demo_state, send):
    send()
    for scheme, rules in SCHEMES.items():
        context = chromium.new_context(storage_state=demo_state, color_scheme=scheme)
        page = context.new_page()
        for url in (f"{stack.workspace_url('acme')}/members/", f"{stack.site_url}/account/mails/"):
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                page.goto(url)
                bell(page).click()
                expect(panel(page).get_by_role("list")).to_be_visible()
                no_axe_violations(page, rules=rules)
                fits(page, width=width)
                inside = page.evaluate(
                    "() => { const r = document.querySelector('.bell__panel').getBoundingClientRect();"
                    " return r.left >= 0 && r.right <= innerWidth + 1 && r.top >= 0 }"
                )
                assert inside, f"{url} at {width} px: the panel leaves the window"
        context.close()


@pytest.mark.parametrize("where", ["workspace", "account"])
def test_without_javascript_it_is_a_page(chromium, stack, demo_state, send, where):
    title = send()
    context = chromium.new_context(storage_state=demo_state, java_script_enabled=False)
    page = context.new_page()
    host = stack.workspace_url("acme") if where == "workspace" else stack.site_url
    page.goto(host + ("/members/" if where == "workspace" else "/account/mails/"))
    bell(page).click()
    page.wait_for_url(re.compile(r"/notifications/$"))
    expect(page.get_by_role("link", name=title)).to_be_visible()
    page.get_by_role("button", name=f"Mark as read: {title}").click()
    expect(page.get_by_role("button", name=f"Mark as unread: {title}")).to_be_visible()
    page.get_by_role("button", name=f"Dismiss: {title}").click()
    expect(page.get_by_text(title, exact=True)).to_have_count(0)
    context.close()
