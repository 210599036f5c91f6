"""A person who signs up in a real browser, and one who confirms their address."""

from __future__ import annotations

import re
import secrets

from playwright.sync_api import Page, expect

from plg_site.walk.walker import Walk


def sign_up(tab: Page, site: str, *, password: str = "") -> str:
    """Through the form, as a person does; returns the run's tag."""
    run = secrets.token_hex(3)
    tab.goto(f"{site}/signup/")
    tab.get_by_label("Your name").fill("Bruna Browser")
    tab.get_by_label("Work email").fill(f"browser-{run}@example.com")
    tab.get_by_label("Workspace name").fill(f"Browser {run}")
    expect(tab.get_by_label("Workspace address")).to_have_value(f"browser-{run}")
    tab.get_by_label("Password").fill(password or secrets.token_urlsafe(12))
    tab.locator("main form button[type=submit]").click()
    tab.wait_for_url(re.compile(rf"//browser-{run}\."))
    return run


def confirm_address(tab: Page, walk: Walk, run: str) -> None:
    """By the link in the mail."""
    text = walk.mail(f"browser-{run}@example.com", "")
    found = re.search(r"https?://\S+/confirm-email/\S+", text)
    assert found, text
    tab.goto(found.group(0))
    tab.locator("main form button[type=submit]").first.click()


def workspace_of(tab: Page) -> str:
    """The address of the workspace that the tab shows, without a slash at its end."""
    found = re.match(r"https?://[^/]+", tab.url)
    assert found, tab.url
    return found.group(0)
