"""A subscription from its trial to its end in a real Chromium, as somebody new to it clicks through."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.stack.chromium import IN_CHROMIUM, no_axe_violations
from tests.stack.signing_up import confirm_address, sign_up, workspace_of

pytestmark = IN_CHROMIUM


def test_a_subscription_from_trial_to_cancelled(tab, stack, new_walk):
    run = sign_up(tab, stack.site_url)
    workspace = workspace_of(tab)
    confirm_address(tab, new_walk(), run)

    try_without_a_card(tab, workspace)
    keep_it_with_a_card(tab, workspace)
    assert change(tab, "Upgrade to Business") == "$99.00"  # what is not tried is paid at once
    tab.get_by_role("link", name="Yearly").click()
    change(tab, "Pay by the year")  # less what is left of the month, to the cent
    schedule_less_and_take_it_back(tab)

    cancel(tab, "It costs too much")
    tab.get_by_role("button", name="Keep Business").click()
    expect(plan(tab)).to_contain_text("Renews on")
    cancel(tab, "We do not use it enough")
    tab.goto(f"{workspace}/settings/audit/")
    expect(tab.locator("main")).to_contain_text("feedback: unused")


def plan(tab: Page):
    return tab.get_by_role("region", name="Your plan")


def try_without_a_card(tab: Page, workspace: str) -> None:
    tab.goto(f"{workspace}/billing/")
    tab.get_by_role("button", name="Try it for 14 days").click()
    expect(plan(tab)).to_contain_text("You are trying Pro: 14 days are left")
    expect(plan(tab)).to_contain_text("It costs nothing, whatever is used")
    no_axe_violations(tab)


def keep_it_with_a_card(tab: Page, workspace: str) -> None:
    tab.get_by_role("button", name="Keep Pro").click()
    expect(tab.get_by_text("Nothing is charged now.").first).to_be_visible()
    expect(tab.get_by_text("Pro costs $29.00 a month").first).to_be_visible()
    no_axe_violations(tab)
    tab.locator("input[name=card_number]").fill("4242 4242 4242 4242")
    tab.locator("input[name=cardholder_name]").fill("Bruna Browser")
    tab.get_by_role("button", name="Save card").click()
    tab.wait_for_url(re.compile(rf"{re.escape(workspace)}/billing/"))
    expect(tab.locator("main")).to_contain_text("Your card is kept. Pro goes on after the trial")
    expect(plan(tab)).to_contain_text("Then it is paid with Visa ending in 4242")


def change(tab: Page, button: str) -> str:
    """Make a change that costs something; what was shown is what the newest invoice asks for."""
    tab.get_by_role("button", name=button).click()
    row = tab.locator(".facts__row").filter(has_text="You pay now")
    shown = row.locator("dd").inner_text()
    no_axe_violations(tab)
    tab.get_by_role("button", name=f"Change and pay {shown}").click()
    expect(tab.locator("main")).to_contain_text(f"{shown} was paid.")
    newest = tab.locator("section[aria-labelledby=invoices] tbody tr").first
    expect(newest).to_contain_text("Paid")
    expect(newest.locator("td").last).to_have_text(shown)
    return shown


def schedule_less_and_take_it_back(tab: Page) -> None:
    tab.get_by_role("button", name="Change to Pro").click()
    expect(tab.get_by_text("Nothing is charged now.")).to_be_visible()
    no_axe_violations(tab)
    tab.get_by_role("button", name="Change it then").click()
    expect(plan(tab)).to_contain_text(
        re.compile(r"Business until .*, then Pro for \$290\.00 a year")
    )
    no_axe_violations(tab)
    tab.get_by_role("button", name="Take it back").click()
    expect(tab.locator("main")).to_contain_text("Business stays as it is.")


def cancel(tab: Page, why: str) -> None:
    tab.get_by_role("link", name="Cancel plan").click()
    tab.get_by_label(why).check()
    no_axe_violations(tab)
    tab.get_by_role("button", name="Cancel Business").click()
    expect(plan(tab)).to_contain_text("Cancelled")
    expect(plan(tab)).to_contain_text(re.compile(r"Business ends on \d"))
