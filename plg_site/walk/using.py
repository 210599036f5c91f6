"""From the first visit to a workspace: reading and signing up."""

from __future__ import annotations

import secrets
import time
from urllib.parse import urlsplit

from billing import catalogue
from plg_site.walk.browser import WrongAnswer, origin
from plg_site.walk.walker import READY_WITHIN, Walk, timed


def read_the_site(walk: Walk) -> str:
    """A visitor opens the home page, pricing and an article."""
    home = walk.visitor.open(walk.site + "/")
    if "set-cookie" in home.response.headers:
        raise WrongAnswer("The public home page sets a cookie.")
    _tell_of_visit(walk, "/")
    names = [plan.name for plan in catalogue.plans() if plan.for_sale]
    walk.visitor.open("/pricing/").must_say(*names)
    blog = walk.visitor.open("/blog/")
    articles = [
        x for x in blog.links("/blog/") if urlsplit(x).path.count("/") > 2 and "feed" not in x
    ]
    article = walk.visitor.open(articles[0])
    return f"home, pricing, “{article.soup.h1.get_text(strip=True)}”"  # type: ignore[union-attr]


def _tell_of_visit(walk: Walk, path: str) -> None:
    """As the page's script does; the answer brings the browser its number."""
    walk.visitor.call(
        "POST", f"{walk.site}/visits/", expect=204, json={"view": {"path": path}},
        headers={"Sec-Fetch-Site": "same-origin"},
    )  # fmt: skip
    if not any(name.endswith("plg_aid") for name in walk.visitor.http.cookies):
        raise WrongAnswer("A visit brings no number.")


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
