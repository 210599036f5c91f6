"""What a first user does with Signpost: its part of the walk (`plg_site/walk/journey.py`)."""

from __future__ import annotations

import re
import secrets
import time
from urllib.parse import urlsplit

from plg_site.walk.browser import Browser, Page, WrongAnswer
from plg_site.walk.walker import SEEN_WITHIN, Walk, is_problem, timed, usage_by_api, used, wait

FILE_BYTES = 4096
CONVERSION = {
    "specversion": "1.0",
    "id": "walked",
    "source": "/walk",
    "type": "Conversion Reported",
    "data": {"amount": "19.99", "currency": "EUR"},
}
SHORT_URL = "short_url"  # of the first link


def find_it_furnished(walk: Walk) -> str:
    """The workspace holds a sample link, a sample file and a checklist."""
    walk.user.open(walk.workspace + "/").must_say("invite", "API key")
    walk.user.open("/files/").must_say("sample")
    walk.user.open("/links/").must_say("sample")
    return "checklist, sample link, sample file"


def create_a_link(walk: Walk) -> str:
    """They create a short link; another browser follows it."""
    form = walk.user.open(walk.workspace + "/links/").form(field="target_url")
    page = walk.user.submit(form, {"target_url": walk.target, "title": f"Campaign {walk.run}"})
    page.must_say(f"Campaign {walk.run}")
    walk.met[SHORT_URL] = _short_url(page, walk)
    return walk.met[SHORT_URL]


def _short_url(page: Page, walk: Walk) -> str:
    for address in _addresses(page, walk):
        answer = Browser().http.head(address, follow_redirects=False)
        if answer.headers.get("location") == walk.target:
            return address
    raise WrongAnswer(f"{page.url} shows no short link that leads to {walk.target}.")


def _addresses(page: Page, walk: Walk) -> list[str]:
    """What looks like a short link on the page, each once."""
    code = r"/([A-Za-z0-9_-]{4,})(?![\w/-])"
    found = re.findall(re.escape(walk.workspace) + code, str(page.soup))
    return [f"{walk.workspace}/{each}" for each in dict.fromkeys(found)]


def see_the_click(walk: Walk) -> str:
    """The click is on the usage page within two seconds, without a reload."""
    before, short_url = int(used(walk, "clicks")), walk.met[SHORT_URL]
    visit = Browser().open(short_url, expect=302, follow=False)
    if visit.response.headers["location"] != walk.target:
        raise WrongAnswer(f"{short_url} leads to {visit.response.headers['location']}.")
    started = time.monotonic()
    while (now := int(used(walk, "clicks"))) != before + 1:
        if now > before + 1:
            raise WrongAnswer(f"One click is counted as {now - before}.")
        timed(time.monotonic() - started, SEEN_WITHIN)
        time.sleep(0.1)
    return f"counted {timed(time.monotonic() - started, SEEN_WITHIN)} after the redirect"


def share_a_file(walk: Walk) -> str:
    """They upload a file and share it; a stranger gets the very bytes; storage is counted."""
    content = secrets.token_bytes(FILE_BYTES)
    before = used(walk, "storage")
    form = walk.user.open(walk.workspace + "/files/").form(field="file")
    page = walk.user.submit(form, files={"file": (f"plan-{walk.run}.bin", content)})
    page.must_say(f"plan-{walk.run}.bin")
    shared = walk.user.submit(page.form(action="share"))
    for address in _addresses(shared, walk):
        got = Browser().http.get(address, follow_redirects=True)
        if got.content == content:
            break
    else:
        raise WrongAnswer("No short link on the page leads to the uploaded file.")
    if "attachment" not in got.headers.get("content-disposition", ""):
        raise WrongAnswer("The shared file is not sent as a download.")
    if got.request.url.host.endswith(urlsplit(walk.site).hostname or "?"):
        raise WrongAnswer("The shared file comes from a host that receives the session cookie.")
    wait(lambda: used(walk, "storage") != before, "storage is counted")
    return f"{len(content)} bytes from {got.request.url.host}"


def make_one_by_api(walk: Walk) -> str:
    """A link is made and an event sent with the key; usage agrees with what was done."""
    walk.api("POST", "/links", expect=201, json={"target_url": walk.target, "title": "By API"})
    for _ in range(2):  # the repetition is the same event
        walk.api("POST", "/events", expect=204, json=CONVERSION)
    facts = {"storage": FILE_BYTES, "conversions": 1}
    wait(lambda: facts.items() <= usage_by_api(walk).items(), f"the API says {facts}")
    return "link and event by API; usage agrees to the byte"


def reach_the_limit(walk: Walk) -> str:
    """At the free plan's limit API and page say so in words; redirects keep working."""
    body = {"target_url": walk.target}
    for _ in range(50):
        answer = walk.ask_api("POST", "/links", json=body)
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
    Browser().open(walk.met[SHORT_URL], expect=302, follow=False)
    return f"{problem['limit']} links; 402 in words; redirects work"


def go_on(walk: Walk) -> str:
    """What the limit refused is allowed, as soon as the plan is paid."""
    walk.api("POST", "/links", expect=201, json={"target_url": walk.target})
    return "the next link is allowed"


AFTER_SIGN_UP = (find_it_furnished, create_a_link, see_the_click, share_a_file)
WITH_AN_API_KEY = (make_one_by_api, reach_the_limit)
AFTER_PAYING = (go_on,)
PAGES = ("/links/", "/files/")  # that an outsider must not find
