"""From one person to a paying team: inviting, the API, the upgrade."""

from __future__ import annotations

import re

from billing import catalogue
from metering.definitions import meters
from outbound.simulators import WebhookEndpointSimulator
from plg_site.walk.browser import Browser, WrongAnswer, origin
from plg_site.walk.walker import Walk, is_problem, usage_by_api, used, wait


def verify_the_address(walk: Walk) -> str:
    """Inviting asks for a verified address first; the mailed link verifies it."""
    members = walk.user.open(walk.workspace + "/members/")
    invite = members.form(field="role")
    walk.user.submit(invite, {"email": f"friend-{walk.run}@example.com"}, expect=403).must_say(
        "verify"
    )
    text = walk.mail(walk.email, "")
    link = re.search(r"https?://\S+/confirm-email/\S+", text)
    if link is None:
        raise WrongAnswer(f"The mail to {walk.email} has no link to verify the address: {text}")
    page = walk.user.open(link.group(0))
    walk.user.submit(page.form(action="confirm-email"))
    return "by the link in the mail"


def invite_a_colleague(walk: Walk) -> str:
    """A colleague joins by the mailed invitation: a seat."""
    friend = f"friend-{walk.run}@example.com"
    invite = walk.user.open(walk.workspace + "/members/").form(field="role")
    walk.user.submit(invite, {"email": friend}).must_say(friend)
    link = re.search(r"https?://\S+/invitations/\S+", walk.mail(friend, "invite"))
    if link is None:
        raise WrongAnswer("The invitation has no link.")
    colleague = Browser()
    colleague.open(link.group(0)).must_say(f"Walk {walk.run}")
    form = colleague.open(link.group(0) + "join/").form(field="name")
    page = colleague.submit(form, {"name": "Frida Friend"})
    if origin(str(page.url)) != walk.workspace:
        raise WrongAnswer(f"Joining ended on {page.url}.")
    walk.user.open(walk.workspace + "/members/").must_say("Frida Friend")
    return "joined by mail"


def call_the_api(walk: Walk) -> str:
    """An API key is shown once; with it usage is read, and counted; a wrong key is told so."""
    form = walk.user.open(walk.workspace + "/api-keys/").form(field="name")
    page = walk.user.submit(
        form, {"name": f"walk {walk.run}", "scopes": ["read", "write", "events"]}
    )
    found = re.search(r"sk_[\w-]{20,}", str(page.soup))
    if found is None:
        raise WrongAnswer("The new API key is not shown.")
    walk.api_key = found.group(0)
    if walk.api_key in str(walk.user.open(walk.workspace + "/api-keys/").soup):
        raise WrongAnswer("The API key is shown a second time.")
    is_problem(walk.api("GET", "/usage", expect=401, key="nope"))
    walk.user.open(walk.workspace + "/api/docs")
    _agree(walk)
    return "key and docs; the API and the usage page agree"


def _agree(walk: Walk) -> None:
    """What the platform itself counts, as far as the product sells it: members and calls."""
    calls = 0

    def two_seats() -> bool:
        nonlocal calls
        calls += 1  # to ask is one more
        return usage_by_api(walk).get("seats", 2) == 2

    wait(two_seats, "the API says that there are two members")
    if "api_calls" in meters():
        wait(lambda: used(walk, "api_calls") == str(calls), f"{calls} calls are counted")


def tell_a_program(walk: Walk) -> str:
    """A program on this machine is told of an event, signed; a test arrives, too."""
    with WebhookEndpointSimulator() as program:
        page = walk.user.open(walk.workspace + "/settings/webhooks/")
        said = {"url": program.url, "names": ["API Key Created"]}
        page = walk.user.submit(page.form(field="url"), said)
        secret = re.search(r"whsec_[A-Za-z0-9+/=]{40,}", str(page.soup))
        if secret is None:
            raise WrongAnswer("The secret of the new webhook is not shown.")
        keys = walk.user.open(walk.workspace + "/api-keys/").form(field="name")
        walk.user.submit(keys, {"name": f"told {walk.run}", "scopes": ["read"]})
        wait(lambda: bool(program.received), "the program is told of the new key")
        page = walk.user.open(walk.workspace + "/settings/webhooks/")
        path = page.soup.select_one("main th a")
        page = walk.user.open(str(path["href"]) if path else "")
        page.must_say("api.key.created")
        walk.user.submit(page.form(action="/test/"))
        wait(lambda: len(program.received) > 1, "the test arrives")
        if not all(got.is_signed_with(secret[0]) for got in program.received):
            raise WrongAnswer("A webhook is not signed with the secret that was shown.")
        page = walk.user.open(str(path["href"]) if path else "")
        walk.user.submit(page.form(action="/remove/"))
    return "an event and a test, signed"


def upgrade(walk: Walk) -> str:
    """They pay on the hosted page, return, and have the plan before the page is drawn."""
    free = catalogue.plans()[0]
    plan = next(plan for plan in catalogue.plans() if plan.for_sale and not plan.is_free)
    billing = walk.user.open(walk.workspace + "/billing/").must_say(free.name)
    checkout = billing.form(action="checkout")
    hosted = walk.user.submit(checkout, {"plan": plan.key, "interval": next(iter(plan.prices))})
    if origin(str(hosted.url)) in {walk.site, walk.workspace}:
        raise WrongAnswer(f"Checkout stayed on {hosted.url}.")
    pay = hosted.form(field="card_number")
    back = walk.user.submit(
        pay, {"card_number": "4242 4242 4242 4242", "card_expiry": "12 / 34", "card_cvc": "123"}
    )
    back.must_say(plan.name)
    if origin(str(back.url)) != walk.workspace:
        raise WrongAnswer(f"Payment returned to {back.url}.")
    return f"{plan.name}, paid on the hosted page"


def cancel(walk: Walk) -> str:
    """They cancel, say why, and see when the plan ends."""
    page = walk.user.open(walk.workspace + "/billing/cancellation/")
    page = walk.user.submit(page.form(field="reason"), {"reason": "unused"})
    found = re.search(r"ends on ([\w ,]+?\d{4})", page.text)
    if found is None:
        raise WrongAnswer(f"The billing page does not say when the plan ends: {page.text[:400]}")
    return f"the plan ends on {found.group(1)}"
