"""Every page in a real Chromium: accessible and no wider than the window, in light and dark."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, StorageState

from tests.stack.chromium import IN_CHROMIUM, no_axe_violations
from tests.stack.second_factor import show_second_factor
from tests.stack.stated import STATED

pytestmark = [*IN_CHROMIUM, pytest.mark.thorough]

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
    "/notifications/",
    "/members/",
    "/api-keys/",
    "/billing/",
    "/billing/payment/",
    "/billing/payment-methods/",
    "/billing/details/",
    "/billing/invoices/",
    "/billing/statements/1/",
    "/billing/statements/1/events/",
    "/settings/",
    "/settings/audit/",
    "/settings/domains/",
    "/settings/webhooks/",
    "/settings/export/",
    "/settings/delete/",
    "/no-such-page/",
]
OWN = [
    "/workspaces/",
    "/workspaces/import/",
    "/account/",
    "/email/",
    "/email/begun/",
    "/password/change/",
    "/account/security/",
    "/account/security/totp/activate/",
    "/account/security/webauthn/",
    "/account/security/webauthn/add/",
    "/account/sessions/",
    "/account/mails/",
    "/account/notifications/",
    "/account/close/",
    "/account/closed/",
    "/account/second-factor/",
    "/reauthenticate/",
    "/reauthenticate/code/",
    "/account/again/?for=old",
]
# Of who has an authenticator app already.
STAFF_OWN = [
    "/account/security/",
    "/account/security/totp/deactivate/",
    "/account/security/recovery-codes/generate/",
    "/account/security/reauthenticate/",
    "/account/close/",
]
STAFF = [
    "/staff/usage/",
    "/staff/workspaces/",
    "/staff/log/",
    "/staff/health/",
    "/staff/pressure/",
    "/staff/search/?q=a",
    "/staff/trail/",
    "/staff/sources/",
    "/staff/event-names/",
    "/staff/messages/",
    "/staff/revenue/",
    "/staff/revenue/failed/",
    "/staff/revenue/trials/",
    "/staff/revenue/disputes/",
    "/staff/revenue/grants/",
    "/staff/differences/",
]
A_LINK = re.compile(r"/links/[0-9a-f-]{36}/$")
WIDTHS = (390, 1440)  # px
SCHEMES: dict[Literal["light", "dark"], Sequence[str]] = {
    "light": (),
    "dark": ("color-contrast", "link-in-text-block"),
}  # with the rules to ask; () is all of them
# Tables that have to be scrolled sideways, and texts in them that end in the middle. The table of
# numbers behind a chart may: it is a region of its own that the keyboard reaches.
CUT = """
() => [...document.querySelectorAll('.table-wrap:not([tabindex])')].flatMap((wrap) => {
  const wide = wrap.scrollWidth > wrap.clientWidth + 1
    ? [`${wrap.querySelector('th').innerText}: ${wrap.scrollWidth} in ${wrap.clientWidth}`] : []
  const edge = wrap.getBoundingClientRect().right + 1
  const cut = [...wrap.querySelectorAll('td *, th *')]
    .filter((each) => !each.closest('.visually-hidden, thead, details:not([open]), option'))
    .filter((each) => each.innerText && each.getBoundingClientRect().right > edge)
  return [...wide, ...cut.map((each) => each.innerText.slice(0, 60))]
})
"""


@pytest.fixture(scope="module")
def stated(stack) -> None:
    """A statement to open, and something for staff to look into."""
    said = stack.manage("shell", "-c", STATED)
    assert "STATED" in said.stdout, said.stderr


@pytest.fixture(scope="module")
def furnished(chromium: Browser, stack, demo_state: StorageState) -> None:
    """What makes tables wide: a long name, an invitation, a key, an archive with its checksum, a
    door with its proof."""
    from playwright.sync_api import expect

    context = chromium.new_context(storage_state=demo_state)
    page, host = context.new_page(), stack.workspace_url("acme")
    page.goto(host + "/members/")
    page.locator("input[name=email]").fill(
        "somebody.with.a.long.name@a-long-company-name.example.com"
    )
    page.get_by_role("button", name="Send invitation").click()
    page.goto(host + "/api-keys/")
    page.locator("input[name=name]").fill("The server of the website in Reykjavik, second rack")
    page.locator("input[name=scopes]").first.check()
    page.get_by_role("button", name="Make key").click()
    page.goto(host + "/settings/export/")
    page.get_by_role("button", name="Make an archive").click()
    expect(page.get_by_role("link", name="Download")).to_be_visible(timeout=60_000)
    context.close()


@pytest.fixture(scope="module")
def long_names(chromium: Browser, stack, demo_state: StorageState) -> list[str]:
    """The pages of a link, a file and a shared file that people have given the longest names."""
    context = chromium.new_context(storage_state=demo_state)
    page, host = context.new_page(), stack.workspace_url("acme")
    page.goto(host + "/links/")  # one that is there: the demo's plan has room for few more
    page.locator("th a[href^='/links/']").last.click()
    page.wait_for_url(A_LINK)
    link = urlsplit(page.url).path
    page.goto(f"{host}{link}edit/")
    page.locator("input[name=target_url]").fill("https://a-shop.example/" + "x" * 300)
    page.locator("input[name=title]").fill("t" * 120)
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(A_LINK)
    page.goto(host + "/files/")
    name = "f" * 236 + ".pdf"
    content = {"name": name, "mimeType": "application/pdf", "buffer": b"%PDF-1.4"}
    page.locator("input[type=file]").set_input_files(content)
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("button", name=f"Share {name}").click()
    page.wait_for_url(A_LINK)
    shared = urlsplit(page.url).path
    fits(page, width=WIDTHS[0])  # with the message that says the name
    context.close()
    pages = ["/", "/links/", "/files/", "/settings/audit/"]
    return [*pages, *(each for path in (link, shared) for each in (path, f"{path}edit/"))]


@pytest.fixture(scope="module")
def demo_state(chromium: Browser, stack) -> StorageState:
    """The signed-in cookies of the demo's owner, once for all pages."""
    return signed_in(chromium, stack, "owner", re.compile(r"//acme\."))


@pytest.fixture(scope="module")
def staff_state(chromium: Browser, stack) -> StorageState:
    """Those of the demo's administrator, who has no workspace."""
    return signed_in(chromium, stack, "admin", re.compile(r"/(?!login/)\w*/?$"))


def signed_in(chromium: Browser, stack, role: str, then: re.Pattern[str]) -> StorageState:
    from plg_site.development import demo

    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{stack.site_url}/login/")
    page.locator("input[name=login]").fill(demo.PEOPLE[role][0])
    page.locator("input[name=password]").fill(demo.PASSWORD)
    page.locator("input[name=password]").press("Enter")
    if role in demo.WITH_SECOND_FACTOR:
        page.wait_for_url(re.compile("/account/security/authenticate/"))
        show_second_factor(page)
    page.wait_for_url(then)
    state = context.storage_state()
    context.close()
    return state


def fits(page: Page, *, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wider <= 0, f"{page.url} is {wider} px wider than the window of {width} px"


def look(page: Page, url: str, *, rules: Sequence[str]) -> None:
    """At both widths, without asking for it again."""
    page.goto(url)
    for width in WIDTHS:
        fits(page, width=width)
        no_axe_violations(page, rules=rules)
        cut = page.evaluate(CUT)
        assert not cut, f"{url} at {width} px: tables scroll sideways or cut their text: {cut}"


def look_at_all(
    chromium: Browser, host: str, paths: Sequence[str], *, by: StorageState | None = None
) -> None:
    """Dark is the same page in other colours, so only rules about these are asked there."""
    for scheme, rules in SCHEMES.items():
        context = chromium.new_context(storage_state=by, color_scheme=scheme)
        page = context.new_page()
        for path in paths:
            look(page, host + path, rules=rules)
        context.close()


def test_the_public_pages_are_accessible_and_fit(chromium, stack):
    look_at_all(chromium, stack.site_url, PUBLIC)


def test_the_pages_of_a_workspace_are_accessible_and_fit(
    chromium, stack, demo_state, furnished, stated
):
    look_at_all(chromium, stack.workspace_url("acme"), WORKSPACE, by=demo_state)


def test_the_pages_of_webhooks_are_accessible_and_fit(chromium, stack, demo_state):
    """With the secret that is shown once, a delivery that failed, and the page of a paused one."""
    context = chromium.new_context(storage_state=demo_state)
    page, host = context.new_page(), stack.workspace_url("acme")
    page.goto(host + "/settings/webhooks/")
    page.locator("input[name=url]").fill("http://127.0.0.1:9/" + "x" * 300)
    page.locator("input[name=names]").first.check()
    page.get_by_role("button", name="Add webhook").click()
    page.locator("#webhook-secret").wait_for()
    for width in WIDTHS:
        fits(page, width=width)
        no_axe_violations(page, rules=())
    page.locator("main th a").first.click()
    page.get_by_role("button", name="Send a test").click()
    path = urlsplit(page.url).path
    page.get_by_text("Nobody answers there.").or_(page.get_by_text("on its way")).first.wait_for()
    page.get_by_role("button", name="Pause").click()
    page.get_by_text("Somebody paused it.").wait_for()
    context.close()
    look_at_all(chromium, host, ["/settings/webhooks/", path], by=demo_state)


def test_the_longest_names_that_people_give_fit(chromium, stack, demo_state, long_names):
    look_at_all(chromium, stack.workspace_url("acme"), long_names, by=demo_state)


def test_the_pages_of_a_persons_own_are_accessible_and_fit(chromium, stack, demo_state):
    look_at_all(chromium, stack.site_url, OWN, by=demo_state)


@pytest.fixture(scope="module")
def found_by_staff(chromium: Browser, stack, staff_state: StorageState) -> list[str]:
    """The pages about a workspace and a person, as the search box leads there."""
    context = chromium.new_context(storage_state=staff_state)
    page = context.new_page()
    page.goto(f"{stack.site_url}/staff/search/?q=a")
    found = [
        page.locator(f"main a[href^='/staff/{kind}/']").first.get_attribute("href") or ""
        for kind in ("workspaces", "people")
    ]
    context.close()
    return found


def test_the_pages_of_the_staff_are_accessible_and_fit(
    chromium, stack, staff_state, found_by_staff, stated
):
    look_at_all(chromium, stack.site_url, [*STAFF, *found_by_staff, *STAFF_OWN], by=staff_state)


def test_the_page_of_the_link_that_says_no_is_accessible_and_fits(chromium, stack):
    ask = (
        "from uuid import UUID; from outbound.models import Message;"
        "from outbound.consents import unsubscribe;"
        "print('URL', unsubscribe.url_for(Message(topic='usage_alerts', person_id=UUID(int=1))))"
    )
    said = stack.manage("shell", "-c", ask).stdout
    path = re.search(rf"URL {re.escape(stack.site_url)}(\S+)", said)
    assert path, said
    look_at_all(chromium, stack.site_url, [path[1]])
