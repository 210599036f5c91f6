"""The pages of one's own account in a real Chromium, by keyboard alone; and passkeys."""

from __future__ import annotations

import re
import secrets

import pytest
from playwright.sync_api import Page, expect

from plg_site.walk.walker import Walk
from tests.stack.chromium import IN_CHROMIUM, no_axe_violations

pytestmark = [*IN_CHROMIUM, pytest.mark.thorough]
_MOST_TABS = 60  # a page with more stops than that is not one of these


def go(tab: Page, name: str) -> None:
    """Tab to the link or button with this name, as somebody without a mouse does, and press it."""
    reach(tab, name)
    with tab.expect_navigation():
        tab.keyboard.press("Enter")


def reach(tab: Page, name: str) -> None:
    for _ in range(_MOST_TABS):
        tab.keyboard.press("Tab")
        here = tab.evaluate(
            """() => { const e = document.activeElement;
                       const label = e.labels?.[0]?.textContent ?? "";
                       return (label || e.textContent || "").replace(/\\s+/g, " ").trim(); }"""
        )
        if here.startswith(name):
            assert tab.evaluate("document.activeElement.matches(':focus-visible')"), name
            return
    raise AssertionError(f"The keyboard does not reach {name!r} on {tab.url}")


@pytest.fixture
def member(tab: Page, stack, new_walk) -> Walk:
    """A new person, signed up with a password and their address proved, on the account's page."""
    walk: Walk = new_walk()
    run = secrets.token_hex(3)
    walk.run = f"k{run}"
    tab.goto(f"{stack.site_url}/signup/")
    tab.get_by_label("Your name").fill("Kim Keyboard")
    tab.get_by_label("Work email").fill(walk.email)
    tab.get_by_label("Workspace name").fill(f"Keys {run}")
    tab.get_by_label("Password").fill(PASSWORD)
    tab.locator("main form button[type=submit]").click()
    tab.wait_for_url(re.compile(r"//keys-"))
    link = re.search(r"https?://\S+/confirm-email/\S+", walk.mail(walk.email, ""))
    tab.goto(link.group(0))
    tab.locator("main form button[type=submit]").first.click()
    tab.wait_for_load_state()
    tab.goto(f"{stack.site_url}/account/")
    return walk


PASSWORD = secrets.token_urlsafe(12)


def test_the_account_is_kept_by_keyboard_alone(tab, member, stack):
    reach(tab, "Your name")
    tab.keyboard.press("Control+A")
    tab.keyboard.type("Kim K.")
    go(tab, "Save")
    expect(tab.get_by_label("Your name")).to_have_value("Kim K.")
    no_axe_violations(tab)

    go(tab, "Messages")
    reach(tab, "By mail")
    tab.keyboard.press("Space")
    go(tab, "Save")
    expect(tab.get_by_label("By mail").first).to_be_checked()  # news, which comes after a yes

    go(tab, "Sessions")
    expect(tab.get_by_text("This browser")).to_be_visible()
    go(tab, "Sign out everywhere else")
    expect(tab.locator(".messages")).to_contain_text("signed out everywhere else")

    go(tab, "Security")
    go(tab, "Set up an authenticator app")
    secret = tab.get_by_label("The secret").input_value()
    reach(tab, "Authenticator code")
    tab.keyboard.type(code_of(secret))
    go(tab, "Switch it on")
    expect(tab.locator(".codes li")).to_have_count(10)
    no_axe_violations(tab)

    go(tab, "Profile")
    go(tab, "Close my account")
    expect(tab.locator("main")).to_contain_text("You are the only owner of")
    go(tab, "Delete it")
    reach(tab, "Name of the workspace")
    tab.keyboard.type(tab.locator("main form strong").inner_text())
    go(tab, "Delete the workspace")
    tab.goto(f"{stack.site_url}/account/close/")
    reach(tab, "Your main address")
    tab.keyboard.type(member.email)
    go(tab, "Close my account")
    expect(tab.locator("h1")).to_have_text("Your account is closed")
    assert "Your account is closed" in member.mail(member.email, "closed")


def code_of(secret: str) -> str:
    import time

    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def test_a_passkey_is_set_up_and_signs_in_without_a_password(tab, member, stack):
    device = tab.context.new_cdp_session(tab)
    device.send("WebAuthn.enable")
    device.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    go(tab, "Security")
    go(tab, "Set up a passkey")
    reach(tab, "Let it sign me in")
    tab.keyboard.press("Space")
    go(tab, "Set it up")
    expect(tab.locator(".codes li")).to_have_count(10)
    tab.goto(f"{stack.site_url}/account/security/webauthn/")
    no_axe_violations(tab)
    go(tab, "Rename")
    reach(tab, "Name")
    tab.keyboard.press("Control+A")
    tab.keyboard.type("My laptop")
    go(tab, "Save")
    expect(tab.locator("main")).to_contain_text("My laptop")

    tab.context.clear_cookies()
    tab.goto(f"{stack.site_url}/login/?next=/account/sessions/")
    go(tab, "Sign in with a passkey")
    tab.wait_for_url(f"{stack.site_url}/account/sessions/")

    # As a second step after the password, and when one is asked again.
    tab.context.clear_cookies()
    tab.goto(f"{stack.site_url}/login/")
    tab.get_by_label("Email").fill(member.email)
    tab.get_by_label("Password").fill(PASSWORD)
    tab.keyboard.press("Enter")
    tab.wait_for_url(re.compile("/account/security/authenticate/"))
    no_axe_violations(tab)
    go(tab, "Use a passkey")
    tab.wait_for_url(re.compile(r"//keys-"))
    tab.goto(f"{stack.site_url}/account/security/webauthn/reauthenticate/?next=/account/")
    no_axe_violations(tab)
    go(tab, "Use a passkey")
    tab.wait_for_url(f"{stack.site_url}/account/")

    tab.goto(f"{stack.site_url}/account/security/webauthn/")
    go(tab, "Remove")
    no_axe_violations(tab)
    go(tab, "Remove it")
    expect(tab.locator("main")).to_contain_text("You have none")
