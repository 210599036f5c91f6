"""The journey in a real Chromium: what a person sees, clicks and reads, at phone and desk width."""

from __future__ import annotations

import re
import secrets

from playwright.sync_api import Browser, Page, expect

from plg_site.walk.walker import Walk
from tests.stack.chromium import IN_CHROMIUM, no_axe_violations
from tests.stack.second_factor import show_second_factor
from tests.stack.signing_up import confirm_address, sign_up, workspace_of

pytestmark = IN_CHROMIUM


def test_a_person_goes_from_the_home_page_to_a_paid_workspace_and_out(
    tab, chromium, stack, new_walk
):
    tab.goto(stack.site_url + "/")
    no_axe_violations(tab)
    tab.get_by_role("link", name="Pricing").first.click()
    expect(tab.get_by_role("heading", name="Pro", exact=True)).to_be_visible()
    no_axe_violations(tab)
    tab.goto(f"{stack.site_url}/signup/")
    no_axe_violations(tab)

    run = sign_up(tab, stack.site_url)
    workspace = workspace_of(tab)
    no_axe_violations(tab)

    tab.goto(f"{workspace}/links/")
    tab.locator("input[name=target_url]").fill(f"{stack.site_url}/blog/")
    tab.locator("input[name=target_url]").press("Enter")
    short_url = tab.get_by_label("Short link").first.input_value()

    tab.goto(f"{workspace}/usage/")
    clicks = tab.locator("#meter-clicks .meter__value strong")
    expect(clicks).to_have_text("0")
    # A headless Chromium calls itself one, and is no click.
    stranger = chromium.new_context(user_agent="Mozilla/5.0 (X11; Linux x86_64) Chromium")
    stranger.new_page().goto(short_url)
    stranger.close()
    # No reload: the page itself brings the number. (Two seconds is the bar; see the walk's figures.)
    expect(clicks).to_have_text("1")
    no_axe_violations(tab)
    look_closer_at_usage(tab, workspace, short_url)

    walk: Walk = new_walk()
    confirm_address(tab, walk, run)

    share_a_file(tab, workspace)
    invite_a_colleague(tab, chromium, workspace, run, walk)
    key = make_a_key(tab, workspace)
    reach_the_limit(tab, workspace, key)
    upgrade_and_cancel(tab, workspace)
    sign_out(tab, workspace, stack.site_url)


def look_closer_at_usage(tab: Page, workspace: str, short_url: str) -> None:
    """The page of a meter, by keyboard; what is told to whom; their own days."""
    tab.get_by_role("link", name="Details Clicks").press("Enter")
    tab.get_by_role("link", name="7 days").press("Enter")
    tab.get_by_role("navigation", name="Split by").get_by_role("link", name="Link").press("Enter")
    expect(tab.locator(".ranking__name").first).to_contain_text(short_url.rsplit("/", 1)[1])
    tab.get_by_text("Show as a table").press("Enter")
    expect(tab.get_by_role("table")).to_contain_text("1")
    no_axe_violations(tab)
    with tab.expect_download() as download:
        tab.get_by_role("link", name="Export CSV").click()
    assert ",1,1,0" in download.value.path().read_text()
    tab.goto(f"{workspace}/usage/limits/")
    tab.get_by_label("How much").fill("50")
    tab.get_by_role("button", name="Add alert").click()
    expect(tab.get_by_role("table")).to_contain_text("50 % of the limit")
    no_axe_violations(tab)
    tab.goto(f"{workspace}/settings/")
    tab.get_by_label("Time zone").select_option("Europe/Berlin")
    tab.get_by_role("button", name="Save").click()
    no_axe_violations(tab)
    tab.goto(f"{workspace}/usage/clicks/")
    expect(tab.locator("#usage-live")).to_contain_text("Days are those of Europe/Berlin")


def share_a_file(tab: Page, workspace: str) -> None:
    tab.goto(f"{workspace}/files/")
    plan = {"name": "plan.txt", "mimeType": "text/plain", "buffer": b"north by northwest"}
    tab.locator("input[name=file]").set_input_files(files=[plan])
    tab.get_by_role("button", name="Upload").click()
    tab.get_by_role("button", name="Share plan.txt").click()
    short_url = tab.get_by_label("Short link").first.input_value()
    with tab.expect_download() as download:
        tab.evaluate("address => { window.location = address }", short_url)
    assert download.value.path().read_bytes() == b"north by northwest"
    assert "plg-files." in download.value.url, "uploads never come from a host with the session"


def invite_a_colleague(tab: Page, chromium: Browser, workspace: str, run: str, walk: Walk) -> None:
    friend = f"colleague-{run}@example.com"
    tab.goto(f"{workspace}/members/")
    tab.get_by_label("Email of your colleague").fill(friend)
    tab.get_by_role("button", name="Send invitation").click()
    expect(tab.locator("main")).to_contain_text(friend)
    no_axe_violations(tab)
    link = re.search(r"https?://\S+/invitations/\S+", walk.mail(friend, "invite"))
    context = chromium.new_context()
    page = context.new_page()
    page.goto(link.group(0))
    page.get_by_role("link", name="Join with a new account").click()
    page.get_by_label("Your name").fill("Conny Colleague")
    page.get_by_role("button", name="Join").click()
    page.wait_for_url(f"{workspace}/")
    context.close()


def make_a_key(tab: Page, workspace: str) -> str:
    tab.goto(f"{workspace}/api-keys/")
    tab.get_by_label("Name of the key").fill("website")
    for scope in tab.locator("input[name=scopes]").all():
        scope.check()
    tab.get_by_role("button", name="Make key").click()
    key = tab.locator("#new-api-key").input_value()
    tab.goto(f"{workspace}/api-keys/")
    expect(tab.locator("#new-api-key")).to_have_count(0)
    tab.get_by_role("link", name="API documentation").click()
    expect(tab.get_by_text("/api/v1/links", exact=True).first).to_be_visible()
    return key


def reach_the_limit(tab: Page, workspace: str, key: str) -> None:
    for _ in range(20):
        answer = tab.evaluate(
            """async ([address, key]) => {
                const answer = await fetch(address, {
                    method: "POST",
                    headers: {"Authorization": `Bearer ${key}`, "Content-Type": "application/json"},
                    body: JSON.stringify({target_url: "https://example.com/"}),
                });
                return [answer.status, await answer.json()];
            }""",
            [f"{workspace}/api/v1/links", key],
        )
        if answer[0] != 201:
            break
    assert (answer[0], answer[1]["meter"]) == (402, "links")
    tab.goto(f"{workspace}/")
    tab.locator("input[name=target_url]").fill("https://example.com/one-too-many")
    tab.get_by_role("button", name="Make link").click()
    expect(tab.locator("main")).to_contain_text("has used all 10 links")
    expect(tab.locator("input[name=target_url]")).to_have_value("https://example.com/one-too-many")
    no_axe_violations(tab)


def upgrade_and_cancel(tab: Page, workspace: str) -> None:
    tab.goto(f"{workspace}/billing/")
    no_axe_violations(tab)
    tab.get_by_role("button", name="Upgrade to Pro").click()
    no_axe_violations(tab)
    tab.locator("input[name=card_number]").fill("4242 4242 4242 4242")
    tab.locator("input[name=cardholder_name]").fill("Bruna Browser")
    tab.get_by_role("button", name=re.compile("Pay")).click()
    tab.wait_for_url(re.compile(rf"{re.escape(workspace)}/billing/"))
    expect(tab.locator("main")).to_contain_text("1,000")
    tab.get_by_role("link", name="Cancel plan").click()
    tab.get_by_label("We do not use it enough").check()
    no_axe_violations(tab)
    tab.get_by_role("button", name="Cancel Pro").click()
    expect(tab.locator("main")).to_contain_text(re.compile(r"ends on \d"))
    no_axe_violations(tab)


def sign_out(tab: Page, workspace: str, site: str) -> None:
    tab.goto(f"{site}/pricing/")
    expect(tab.get_by_role("link", name="Open workspace").first).to_be_visible()
    tab.goto(f"{workspace}/")
    tab.locator(".user-menu summary").click()
    tab.get_by_role("button", name="Sign out").last.click()
    tab.goto(f"{workspace}/")
    assert "/login/" in tab.url
    tab.goto(f"{site}/workspaces/")
    assert "/login/" in tab.url


def test_an_editor_changes_the_home_page_and_the_visitor_sees_it(tab, chromium, stack):
    from plg_site.development import demo

    site, run = stack.site_url, secrets.token_hex(3)
    tab.goto(f"{site}/login/?next=/cms/")
    tab.locator("input[name=login]").fill(demo.PEOPLE["editor"][0])
    tab.locator("input[name=password]").fill(demo.PASSWORD)
    tab.locator("input[name=password]").press("Enter")
    tab.wait_for_url(re.compile("/account/security/authenticate/"))
    show_second_factor(tab)
    tab.wait_for_url(f"{site}/cms/")
    pages = tab.evaluate("fetch('/api/content/pages/').then(answer => answer.json())")
    home = pages["items"][0]["id"]
    tab.goto(f"{site}/cms/pages/{home}/edit/")
    title = f"Every sign in its place {run}"
    tab.locator("input[name=hero_title]").fill(title)
    with tab.expect_response(re.compile("action-publish|/edit/")):
        tab.locator("button[name=action-publish]").evaluate("button => button.click()")
    visitor = chromium.new_context().new_page()
    visitor.goto(site)
    for _ in range(50):
        if title in visitor.content():
            break
        visitor.wait_for_timeout(200)
        visitor.reload()
    expect(visitor.locator("h1")).to_have_text(title)
    visitor.context.close()


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


def test_one_more_step_at_sign_up_is_done_by_the_browser_itself(tab, stack):
    """A link that has used up its bucket: the page asks for a sum, and a worker does it."""
    said = stack.manage("signup_link", f"browser-{secrets.token_hex(3)}")
    link = said.stdout.strip().splitlines()[-1]

    def fill_in() -> str:
        run = secrets.token_hex(3)
        tab.goto(link)
        tab.get_by_label("Your name").fill("Bruna Browser")
        tab.get_by_label("Work email").fill(f"step-{run}@example.com")
        tab.get_by_label("Workspace name").fill(f"Step {run}")
        tab.get_by_label("Password").fill("a long enough secret")
        tab.locator("main form button[type=submit]").first.click()
        return run

    run = fill_in()
    tab.wait_for_url(re.compile(rf"//step-{run}\."))
    tab.context.clear_cookies()
    run = fill_in()
    expect(tab.locator("[data-proof]")).to_be_visible()
    no_axe_violations(tab)
    expect(tab.locator("[data-proof-words]")).to_have_text(
        "Your browser is done: go on.", timeout=2_000
    )
    expect(tab.get_by_label("Workspace name")).to_have_value(f"Step {run}")
    tab.locator("main form button[type=submit]").first.click()
    tab.wait_for_url(re.compile(rf"//step-{run}\."))
