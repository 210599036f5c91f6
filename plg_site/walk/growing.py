"""From one person to a paying team: inviting, the API, the limit, the upgrade."""

from __future__ import annotations

import re

import httpx

from plg_site.walk.browser import Browser, WrongAnswer, origin
from plg_site.walk.using import FILE_BYTES
from plg_site.walk.walker import Walk, used, wait

CONVERSION = {
    "specversion": "1.0",
    "id": "walked",
    "source": "/walk",
    "type": "Conversion Reported",
    "data": {"amount": "19.99", "currency": "EUR"},
}


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
    """An API key is shown once; with it a link is made and an event sent; a wrong key is told so."""
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
    walk.api("POST", "/links", expect=201, json={"target_url": walk.target, "title": "By API"})
    for _ in range(2):  # the repetition is the same event
        walk.api("POST", "/events", expect=204, json=CONVERSION)
    wrong = walk.user.call(
        "GET",
        f"{walk.workspace}/api/v1/links",
        expect=401,
        headers={"Authorization": "Bearer nope"},
    )
    is_problem(wrong)
    walk.user.open(walk.workspace + "/api/docs")
    facts = {"storage": FILE_BYTES, "seats": 2, "conversions": 1}
    calls = 3

    def agrees() -> bool:
        nonlocal calls
        calls += 1  # to ask is one more
        return facts.items() <= _usage_by_api(walk).items()

    wait(agrees, f"the API says {facts}")
    wait(lambda: used(walk, "api_calls") == str(calls), f"{calls} calls of the API are counted")
    return "key, link and event by API, docs; usage agrees to the byte"


def _usage_by_api(walk: Walk) -> dict[str, int]:
    rows = walk.api("GET", "/usage", expect=200).json()
    return {row["meter"]: row["used"] for row in rows}


def is_problem(answer: httpx.Response) -> dict[str, object]:
    if not answer.headers["content-type"].startswith("application/problem+json"):
        raise WrongAnswer(f"{answer.request.url} answers {answer.headers['content-type']}.")
    return dict(answer.json())


def reach_the_limit(walk: Walk) -> str:
    """At the free plan's limit API and page say so in words; redirects keep working."""
    body = {"target_url": walk.target}
    for _ in range(50):
        answer = walk.user.http.post(
            f"{walk.workspace}/api/v1/links",
            json=body,
            headers={"Authorization": f"Bearer {walk.api_key}"},
        )
        if answer.status_code != 201:
            break
    problem = is_problem(answer)
    if answer.status_code != 402 or problem.get("meter") != "links" or not problem.get("limit"):
        raise WrongAnswer(f"At the limit the API answered {answer.status_code}: {problem}")
    if not str(problem.get("upgrade_url", "")).startswith(walk.workspace):
        raise WrongAnswer(f"The refusal names no way on: {problem}")
    form = walk.user.open(walk.workspace + "/links/").form(field="target_url")
    page = walk.user.submit(form, {"target_url": walk.target, "title": "One too many"}, expect=402)
    page.must_say(f"{problem['limit']} links")
    if not page.links("/billing/"):
        raise WrongAnswer("The refusal has no link to billing.")
    Browser().open(walk.short_url, expect=302, follow=False)
    return f"{problem['limit']} links; 402 in words; redirects work"


def upgrade(walk: Walk) -> str:
    """They pay on the hosted page, return, and the limit is lifted before the page is drawn."""
    billing = walk.user.open(walk.workspace + "/billing/").must_say("Free")
    checkout = next(form for form in (billing.form(action="checkout"),))
    hosted = walk.user.submit(checkout, {"plan": "pro", "interval": "month"})
    if origin(str(hosted.url)) in {walk.site, walk.workspace}:
        raise WrongAnswer(f"Checkout stayed on {hosted.url}.")
    pay = hosted.form(field="card_number")
    back = walk.user.submit(
        pay, {"card_number": "4242 4242 4242 4242", "card_expiry": "12 / 34", "card_cvc": "123"}
    )
    back.must_say("Pro")
    if origin(str(back.url)) != walk.workspace:
        raise WrongAnswer(f"Payment returned to {back.url}.")
    walk.api("POST", "/links", expect=201, json={"target_url": walk.target})
    return "paid on the hosted page; the next link is allowed"


def cancel(walk: Walk) -> str:
    """They cancel, and see when the plan ends."""
    page = walk.user.open(walk.workspace + "/billing/")
    page = walk.user.submit(page.form(action="cancel"))
    found = re.search(r"ends on ([\w ,]+?\d{4})", page.text)
    if found is None:
        raise WrongAnswer(f"The billing page does not say when the plan ends: {page.text[:400]}")
    return f"the plan ends on {found.group(1)}"
