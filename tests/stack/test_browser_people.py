"""One human on two devices, two humans at one browser, and staff who read it and forget one of them."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from plg_site.development import demo
from plg_site.devstack.stack import Stack
from plg_site.walk.walker import Walk
from tests.stack.chromium import IN_CHROMIUM, no_axe_violations
from tests.stack.second_factor import show_second_factor
from tests.stack.signing_up import confirm_address, sign_up, workspace_of

pytestmark = [*IN_CHROMIUM, pytest.mark.thorough]

# A headless Chromium says so, and is no visitor.
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18 Safari/604"
)
LAPTOP = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537 Chrome/140.0 Safari/537"


@pytest.fixture
def devices(chromium: Browser) -> Iterator[tuple[Page, Page, Page]]:
    """A phone, a laptop, and the desk of staff."""
    made: list[BrowserContext] = [
        chromium.new_context(user_agent=PHONE, viewport={"width": 390, "height": 844}),
        chromium.new_context(user_agent=LAPTOP),
        chromium.new_context(),
    ]
    phone, laptop, desk = (context.new_page() for context in made)
    yield phone, laptop, desk
    for context in made:
        context.close()


def test_a_timeline_is_of_one_human_whatever_they_use(devices, stack, new_walk):
    phone, laptop, desk = devices
    site, walk, password = stack.site_url, new_walk(), secrets.token_urlsafe(12)
    first, second, third = articles(phone, site)

    read(phone, first)
    run = sign_up(phone, site, password=password)
    workspace = workspace_of(phone)
    confirm_address(phone, walk, run)

    read(laptop, second)
    sign_in(laptop, site, f"browser-{run}@example.com", password)
    laptop.goto(f"{workspace}/")
    laptop.locator(".user-menu summary").click()
    laptop.get_by_role("button", name="Sign out").last.click()
    read(laptop, third)  # somebody else sits there now
    friend = join(laptop, phone, workspace, run, walk)
    laptop.locator("input[name=target_url]").fill(f"{site}/blog/")
    laptop.locator("input[name=target_url]").press("Enter")
    expect(laptop.get_by_label("Short link").first).to_be_visible()

    to_staff(desk, site)
    owner = find(desk, site, f"browser-{run}@example.com")
    mine = timeline(desk, owner, until="Link Created", but_not_there=True, paths=(first, second))
    assert path_of(third) not in mine
    colleague = find(desk, site, friend)
    theirs = timeline(desk, colleague, until="Link Created", paths=(third,))
    assert path_of(first) not in theirs
    assert path_of(second) not in theirs
    no_axe_violations(desk)

    before = counted(stack)
    forget(desk, colleague)
    assert counted(stack) == before
    desk.goto(colleague)
    expect(desk.locator("main")).not_to_contain_text(friend)
    phone.goto(f"{workspace}/usage/")
    expect(phone.locator("#meter-links .meter__value strong")).to_have_text("1")


def articles(page: Page, site: str) -> tuple[str, str, str]:
    """Three pages of the site."""
    page.goto(f"{site}/blog/")
    found = page.locator("main a[href*='/blog/']").evaluate_all("all => all.map(one => one.href)")
    paths = list(dict.fromkeys(each for each in found if not each.endswith("/blog/")))
    return (*paths[:2], f"{site}/pricing/")  # type: ignore[return-value]


def read(page: Page, address: str) -> None:
    """Open it and wait until its visit is told."""
    with page.expect_response(lambda answer: answer.url.endswith("/visits/")):
        page.goto(address)


def path_of(address: str) -> str:
    return re.sub(r"^https?://[^/]+", "", address)


def sign_in(page: Page, site: str, email: str, password: str) -> None:
    page.goto(f"{site}/login/")
    page.locator("input[name=login]").fill(email)
    page.locator("input[name=password]").fill(password)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_load_state()


def join(laptop: Page, phone: Page, workspace: str, run: str, walk: Walk) -> str:
    """Who sits at the laptop now is invited, and joins with an account of their own."""
    friend = f"colleague-{run}@example.com"
    phone.goto(f"{workspace}/members/")
    phone.get_by_label("Email of your colleague").fill(friend)
    phone.get_by_role("button", name="Send invitation").click()
    expect(phone.locator("main")).to_contain_text(friend)
    link = re.search(r"https?://\S+/invitations/\S+", walk.mail(friend, "invite"))
    assert link
    laptop.goto(link.group(0))
    laptop.get_by_role("link", name="Join with a new account").click()
    laptop.get_by_label("Your name").fill("Conny Colleague")
    laptop.get_by_role("button", name="Join").click()
    laptop.wait_for_url(f"{workspace}/")
    return friend


def to_staff(desk: Page, site: str) -> None:
    sign_in(desk, site, demo.PEOPLE["admin"][0], demo.PASSWORD)
    show_second_factor(desk)


def find(desk: Page, site: str, address: str) -> str:
    """The address of somebody's page, by the search of people."""
    desk.goto(f"{site}/staff/people/?q={address}")
    link = desk.locator("main th a")
    expect(link).to_have_count(1)
    no_axe_violations(desk)
    link.click()
    desk.wait_for_url(re.compile("/staff/people/.{36}/"))
    no_axe_violations(desk)
    return desk.url


def timeline(
    desk: Page, person: str, *, until: str, paths: tuple[str, ...], but_not_there: bool = False
) -> str:
    """What their timeline says, once these pages (and an event) are there: the log is a moment behind."""
    wanted = [path_of(each) for each in paths] + ([] if but_not_there else [until])
    end = time.monotonic() + 30
    while True:
        desk.goto(f"{person}timeline/")
        text = desk.locator("main table").inner_text() if desk.locator("main table").count() else ""
        if all(each in text for each in wanted):
            break
        assert time.monotonic() < end, f"{wanted} in {text}"
        time.sleep(0.5)
    assert (until in text) is not but_not_there
    return text


def counted(stack: Stack) -> list[tuple[str, int]]:
    """How many events of each name workspaces have."""
    query = "SELECT name, count(*) FROM event WHERE name LIKE 'Link %' GROUP BY 1 ORDER BY 1"
    with psycopg.connect(stack.env["EVENTS_DATABASE_URL"]) as store:
        return store.execute(query).fetchall()


def forget(desk: Page, person: str) -> None:
    desk.goto(person)
    desk.get_by_role("link", name="Forget").click()
    desk.get_by_label("Who asked for it, and when").fill("Asked by mail.")
    desk.get_by_label("Type “forget”").fill("forget")
    no_axe_violations(desk)
    desk.get_by_role("button", name="Forget for good").click()
    end = time.monotonic() + 60
    while "not yet" in desk.locator("main").inner_text():
        assert time.monotonic() < end, "it was not done"
        time.sleep(1)
        desk.reload()
    expect(desk.locator("main")).to_contain_text("Events rewritten")
    no_axe_violations(desk)
