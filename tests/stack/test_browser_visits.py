"""Visits in a real browser: each page tells once; consent is asked for where it must be, and taken back as
easily; who asks not to be followed is nobody; and the history of a person begins before the sign-up."""

from __future__ import annotations

import re
import secrets
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from plg_site.devstack import ports, programs
from plg_site.devstack.options import ROOT
from plg_site.devstack.stack import Stack
from tests.stack.chromium import IN_CHROMIUM, no_axe_violations

pytestmark = [*IN_CHROMIUM, pytest.mark.thorough]

WEB = "web-that-asks"
Visits = list[tuple[str, str | None]]


@pytest.fixture(scope="module")
def asking(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The same site where consent is asked for, at a port of its own."""
    port, state = ports.find_free(), tmp_path_factory.mktemp("asking")
    own = {"STATE_DIR": str(state), "PUBLIC_PORT": str(port), "COOKIE_CONSENT_REQUIRED": "1"}
    env = stack.env | own | {"WEB_WORKERS": "1", "LIVE_URL": ""}
    env.setdefault("STATIC_DIR", str(stack.state.path / "static"))
    subprocess.run(programs.manage("build_site"), env=env, cwd=ROOT, check=True, timeout=120)
    program = programs.web(replace(stack.addresses, port=port), env)
    stack.supervisor.start(replace(program, name=WEB))
    stack.wait_until_ready(WEB)
    yield f"http://{stack.addresses.domain}:{port}"
    stack.kill(WEB, stay_down=True)


@pytest.fixture
def person(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """`person(**context)`: a tab of somebody who never was here."""
    made: list[BrowserContext] = []
    errors: list[str] = []

    def make(**options: object) -> Page:
        context = chromium.new_context(**options)
        made.append(context)
        tab = context.new_page()
        tab.on("pageerror", lambda error: errors.append(str(error)))
        return tab

    yield make
    for context in made:
        context.close()
    assert errors == []


@pytest.fixture
def visits(stack: Stack) -> Callable[[int], Visits]:
    """`visits(2)`: address and number of the visits since, once there are so many."""

    def ask() -> Visits:
        query = (
            "SELECT properties->>'path', anonymous_id FROM event"
            " WHERE name = 'Page Viewed' ORDER BY id"
        )
        with psycopg.connect(stack.env["EVENTS_DATABASE_URL"]) as store:
            return store.execute(query).fetchall()

    before = len(ask())

    def since(count: int) -> Visits:
        until = time.monotonic() + 30
        while len(found := ask()[before:]) < count and time.monotonic() < until:
            time.sleep(0.1)
        time.sleep(0.5)  # and no more than that
        found = ask()[before:]
        assert len(found) == count, found
        return found

    return since


def cookies(tab: Page) -> dict[str, str]:
    return {each["name"]: each["value"] for each in tab.context.cookies()}


def told(tab: Page, go: Callable[[], object]) -> None:
    """Go somewhere, and wait until its script has told of it."""
    with tab.expect_response(re.compile("/visits/$")) as answer:
        go()
    assert answer.value.status == 204


def test_each_page_tells_once_and_the_person_keeps_what_was_before_the_sign_up(
    stack, person, visits
):
    site = stack.site_url
    tab = person()
    told(tab, lambda: tab.goto(f"{site}/"))
    number = cookies(tab)["plg_aid"]
    told(tab, lambda: tab.get_by_role("link", name="Pricing").first.click())
    told(tab, tab.reload)
    tab.goto(f"{site}/login/")  # no public page: nothing to tell
    assert visits(3) == [("/", number), ("/pricing/", number), ("/pricing/", number)]
    assert set(cookies(tab)) <= {"plg_aid", "plg_csrf", "plg_came"}

    run = secrets.token_hex(3)
    tab.goto(f"{site}/signup/")
    tab.get_by_label("Your name").fill("Vera Visitor")
    tab.get_by_label("Work email").fill(f"visitor-{run}@example.com")
    tab.get_by_label("Workspace name").fill(f"Visitor {run}")
    tab.get_by_label("Password").fill(secrets.token_urlsafe(12))
    tab.locator("main form button[type=submit]").click()
    tab.wait_for_url(re.compile(rf"//visitor-{run}\."))
    told(tab, lambda: tab.goto(f"{site}/"))
    expect(tab.get_by_role("link", name="Open workspace").first).to_be_visible()
    expect(tab.get_by_role("link", name="Sign in").first).to_be_hidden()
    query = (
        "SELECT p.email FROM identity_personalias a JOIN identity_person p ON p.id = a.person_id"
        " WHERE a.anonymous_id = %s"
    )
    with psycopg.connect(stack.env["DATABASE_URL"]) as database:
        assert database.execute(query, [number]).fetchone() == (f"visitor-{run}@example.com",)


def test_without_javascript_pages_are_whole_and_of_nobody(stack, person, visits):
    tab = person(java_script_enabled=False)
    for path in ("/", "/pricing/", "/blog/"):
        assert tab.goto(stack.site_url + path).status == 200
        expect(tab.get_by_role("link", name="Sign in").first).to_be_visible()
    assert cookies(tab) == {}
    assert visits(0) == []


@pytest.mark.parametrize("how", ["a header", "the page alone"])
def test_who_asks_not_to_be_followed_is_counted_and_nobody(asking, stack, person, visits, how):
    tab = person(extra_http_headers={"Sec-GPC": "1"} if how == "a header" else {})
    tab.add_init_script(
        "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"
    )
    for site in (stack.site_url, asking):
        told(tab, lambda site=site: tab.goto(f"{site}/pricing/"))
        expect(tab.locator("[data-consent]:visible")).to_have_count(0)
    assert cookies(tab) == {}
    assert visits(2) == [("/pricing/", None)] * 2


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_consent_is_asked_for_and_taken_back_as_easily(asking, person, visits, width, scheme):
    tab = person(viewport={"width": width, "height": 800}, color_scheme=scheme)
    told(tab, lambda: tab.goto(f"{asking}/"))
    bar = tab.get_by_role("region", name="May we count your visit?")
    expect(bar).to_be_visible()
    no_axe_violations(tab)
    assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert cookies(tab) == {}

    yes = bar.get_by_role("button", name="Yes, count it")
    yes.focus()
    told(tab, lambda: tab.keyboard.press("Enter"))
    expect(bar).to_be_hidden()
    number = cookies(tab)["plg_aid"]
    told(tab, lambda: tab.goto(f"{asking}/pricing/"))
    expect(bar).to_be_hidden()

    tab.get_by_role("contentinfo").get_by_role("link", name="Cookies").click()
    expect(bar).to_be_visible()
    expect(bar).to_be_focused()
    assert tab.url == f"{asking}/pricing/"
    no_axe_violations(tab)
    told(tab, bar.get_by_role("button", name="No", exact=True).click)
    expect(bar).to_be_hidden()
    assert cookies(tab) == {"plg_consent": "no"}
    told(tab, lambda: tab.goto(f"{asking}/blog/"))
    assert visits(3) == [("/", None), ("/pricing/", number), ("/blog/", None)]


def test_without_javascript_the_choice_is_a_form(asking, person):
    tab = person(java_script_enabled=False)
    tab.goto(f"{asking}/")
    tab.get_by_role("contentinfo").get_by_role("link", name="Cookies").click()
    tab.get_by_role("button", name="Yes, count my visits").click()
    expect(tab.locator("main")).to_contain_text("You said yes.")
    tab.get_by_role("button", name="No", exact=True).click()
    expect(tab.locator("main")).to_contain_text("You said no")
    assert cookies(tab)["plg_consent"] == "no"
    assert "plg_aid" not in cookies(tab)
