"""The steps of the journey, in order. Each returns what it saw, in a few words."""

from __future__ import annotations

from collections.abc import Callable

from plg_site.walk.browser import Browser, WrongAnswer
from plg_site.walk.editing import edit_the_site
from plg_site.walk.growing import (
    call_the_api,
    cancel,
    invite_a_colleague,
    reach_the_limit,
    upgrade,
    verify_the_address,
)
from plg_site.walk.using import (
    create_a_link,
    find_it_furnished,
    read_the_site,
    see_the_click,
    share_a_file,
    sign_up,
)
from plg_site.walk.walker import Walk

Step = Callable[[Walk], str]


def stay_apart(walk: Walk) -> str:
    """One session on site and workspace; an outsider finds nothing; signing out ends both."""
    walk.user.open(walk.site + "/workspaces/").must_say(f"Walk {walk.run}")
    outsider = Browser()
    form = outsider.open(walk.site + "/login/").form(field="password")
    outsider.submit(form, {"login": walk.outsider[0], "password": walk.outsider[1]})
    for path in ("/", "/links/", "/files/", "/usage/", "/billing/", "/members/", "/api-keys/"):
        outsider.open(walk.workspace + path, expect=404)
    page = walk.user.open(walk.workspace + "/")
    walk.user.submit(page.form(action="logout"))
    for address in (walk.workspace + "/", walk.site + "/workspaces/"):
        if "/login/" not in str(walk.user.open(address).url):
            raise WrongAnswer(f"After signing out {address} is still open.")
    return "outsider 404 on seven pages; signed out of both"


STEPS: list[Step] = [
    read_the_site,
    sign_up,
    find_it_furnished,
    create_a_link,
    see_the_click,
    share_a_file,
    verify_the_address,
    invite_a_colleague,
    call_the_api,
    reach_the_limit,
    upgrade,
    cancel,
    edit_the_site,
    stay_apart,
]
