"""The steps of the journey, in order. Each returns what it saw, in a few words.

The platform's own steps are the frame: the site, the sign-up, members, keys, paying, editing. What
people do in between with the product is told by the product, in `<PRODUCT_APP>/walk.py`, which may be
missing, as may each of its names:

AFTER_SIGN_UP     steps in a new workspace
WITH_AN_API_KEY   steps once there is a key (`walk.api`); the last reaches a limit of the first plan
AFTER_PAYING      steps on the first plan that costs something: what was refused is allowed
PAGES             addresses on the workspace host that an outsider must not find

A step is a function of the Walk that raises WrongAnswer; what it found for later steps it keeps in
`walk.met`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.conf import settings

from billing import catalogue
from plg_site.walk.browser import Browser, WrongAnswer
from plg_site.walk.editing import edit_the_site
from plg_site.walk.growing import (
    call_the_api,
    cancel,
    invite_a_colleague,
    tell_a_program,
    upgrade,
    verify_the_address,
)
from plg_site.walk.using import read_the_site, sign_up
from plg_site.walk.walker import Walk

Step = Callable[[Walk], str]
PAGES = ("/", "/usage/", "/billing/", "/members/", "/api-keys/", "/settings/webhooks/")


def steps() -> list[Step]:
    """All of them, the product's in their places."""
    sells = any(plan.for_sale and not plan.is_free for plan in catalogue.plans())
    return [
        read_the_site,
        sign_up,
        *_of_product("AFTER_SIGN_UP"),
        verify_the_address,
        invite_a_colleague,
        call_the_api,
        *([tell_a_program] if settings.WEBHOOKS_TO_LOOPBACK else []),
        *_of_product("WITH_AN_API_KEY"),
        *([upgrade, *_of_product("AFTER_PAYING"), cancel] if sells else []),
        edit_the_site,
        stay_apart,
    ]


def stay_apart(walk: Walk) -> str:
    """One session on site and workspace; an outsider finds nothing; signing out ends both."""
    walk.user.open(walk.site + "/workspaces/").must_say(f"Walk {walk.run}")
    outsider = Browser()
    form = outsider.open(walk.site + "/login/").form(field="password")
    outsider.submit(form, {"login": walk.outsider[0], "password": walk.outsider[1]})
    pages = [*PAGES, *_of_product("PAGES")]
    for path in pages:
        outsider.open(walk.workspace + path, expect=404)
    page = walk.user.open(walk.workspace + "/")
    walk.user.submit(page.form(action="logout"))
    for address in (walk.workspace + "/", walk.site + "/workspaces/"):
        if "/login/" not in str(walk.user.open(address).url):
            raise WrongAnswer(f"After signing out {address} is still open.")
    return f"outsider 404 on {len(pages)} pages; signed out of both"


def _of_product(name: str) -> Sequence[Any]:
    module = f"{settings.PRODUCT_APP}.walk"
    return getattr(import_module(module), name, ()) if find_spec(module) else ()
