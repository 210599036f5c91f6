"""From the first visit to a shared file: reading, signing up, using the product."""

from __future__ import annotations

import re
import secrets
import time
from urllib.parse import urlsplit

from plg_site.walk.browser import Browser, Page, WrongAnswer, origin
from plg_site.walk.walker import READY_WITHIN, SEEN_WITHIN, Walk, timed, used, wait

FILE_BYTES = 4096


def read_the_site(walk: Walk) -> str:
    """A visitor opens the home page, pricing and an article."""
    home = walk.visitor.open(walk.site + "/")
    if (
        "set-cookie" in home.response.headers
        and "plg_session" in home.response.headers["set-cookie"]
    ):
        raise WrongAnswer("The public home page sets a session cookie.")
    walk.visitor.open("/pricing/").must_say("Free", "Pro", "$29", "links")
    blog = walk.visitor.open("/blog/")
    articles = [
        x for x in blog.links("/blog/") if urlsplit(x).path.count("/") > 2 and "feed" not in x
    ]
    article = walk.visitor.open(articles[0])
    return f"home, pricing, “{article.soup.h1.get_text(strip=True)}”"  # type: ignore[union-attr]


FILLS_IN = 2.1  # seconds; who is faster than anybody can type is not taken for a person


def sign_up(walk: Walk) -> str:
    """They sign up with one form, and the next page is their workspace."""
    form = walk.user.open(walk.site + "/signup/").form(field="workspace_name")
    time.sleep(FILLS_IN)
    started = time.monotonic()
    page = walk.user.submit(
        form,
        {
            "name": "Wanda Walker",
            "email": walk.email,
            "workspace_name": f"Walk {walk.run}",
            "password1": secrets.token_urlsafe(12),
        },
    )
    took = time.monotonic() - started
    walk.workspace = origin(str(page.url))
    if not walk.workspace.endswith(f"walk-{walk.run}.{urlsplit(walk.site).netloc}"):
        raise WrongAnswer(f"Sign-up ended on {page.url}, not in the workspace.")
    page.must_say(f"Walk {walk.run}")
    return f"{walk.workspace} ready {timed(took, READY_WITHIN)} after the POST"


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
    walk.short_url = _short_url(page, walk, title=f"Campaign {walk.run}")
    return walk.short_url


def _short_url(page: Page, walk: Walk, *, title: str) -> str:
    found = re.findall(
        re.escape(walk.workspace) + r"/([A-Za-z0-9_-]{4,})(?![\w/-])", str(page.soup)
    )
    for code in dict.fromkeys(found):
        answer = Browser().http.head(f"{walk.workspace}/{code}", follow_redirects=False)
        if answer.headers.get("location") == walk.target:
            return f"{walk.workspace}/{code}"
    raise WrongAnswer(f"{page.url} shows no short link that leads to {walk.target}.")


def see_the_click(walk: Walk) -> str:
    """The click is on the usage page within two seconds, without a reload."""
    before = int(used(walk, "clicks"))
    visit = Browser().open(walk.short_url, expect=302, follow=False)
    if visit.response.headers["location"] != walk.target:
        raise WrongAnswer(f"{walk.short_url} leads to {visit.response.headers['location']}.")
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
    share = page.form(action="share")
    shared = walk.user.submit(share)
    for code in dict.fromkeys(
        re.findall(re.escape(walk.workspace) + r"/([A-Za-z0-9_-]{4,})(?![\w/-])", str(shared.soup))
    ):
        got = Browser().http.get(f"{walk.workspace}/{code}", follow_redirects=True)
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
