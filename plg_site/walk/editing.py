"""An editor changes the website."""

from __future__ import annotations

import re
import time

from plg_site.walk.browser import Browser, Form, WrongAnswer
from plg_site.walk.second_factor import show_second_factor
from plg_site.walk.stream_field import stream_fields
from plg_site.walk.walker import PUBLISHED_WITHIN, Walk, wait


def edit_the_site(walk: Walk) -> str:
    """An editor changes the home page, previews, publishes; the visitor and the API see it."""
    editor = Browser()
    form = editor.open(walk.site + "/login/?next=/cms/").form(field="password")
    editor.submit(form, {"login": walk.editor[0], "password": walk.editor[1]})
    show_second_factor(editor)
    edit_url = _home_edit_url(walk, editor)
    page = editor.open(edit_url)
    form = page.form(field="hero_title")
    form.defaults |= stream_fields(page.soup)
    old = form.defaults["hero_title"]
    new = f"{old.split(' · ')[0]} · {walk.run}"
    before = walk.visitor.open(walk.site + "/")
    _preview(editor, form, edit_url, new)
    if new in walk.visitor.open(walk.site + "/").text:
        raise WrongAnswer("The visitor sees what is only previewed.")
    started = time.monotonic()
    editor.submit(form, {"hero_title": new, "action-publish": "action-publish"})
    wait(
        lambda: new in walk.visitor.open(walk.site + "/").text,
        "the visitor sees what was published",
        seconds=PUBLISHED_WITHIN,
    )
    took = time.monotonic() - started
    if before.text.replace(old, new) != walk.visitor.page.text:
        raise WrongAnswer("Publishing a new title changed more of the home page than the title.")
    by_api = f"{walk.site}/api/content/pages/{_page_id(edit_url)}/"
    if walk.visitor.call("GET", by_api, expect=200).json().get("hero_title") != new:
        raise WrongAnswer(f"{by_api} does not serve what was published.")
    editor.submit(form, {"hero_title": old, "action-publish": "action-publish"})
    return f"seen by the visitor {took * 1000:.0f} ms after “publish”, and by the API"


def _preview(editor: Browser, form: Form, edit_url: str, title: str) -> None:
    preview = edit_url + "preview/"
    answer = editor.submit(form.sent_to(preview), {"hero_title": title})
    if not answer.response.json().get("is_valid"):
        raise WrongAnswer(f"The preview says the page is not valid: {answer.response.text}")
    editor.open(preview).must_say(title)


def _page_id(edit_url: str) -> str:
    return edit_url.rstrip("/").split("/")[-2]


def _home_edit_url(walk: Walk, editor: Browser) -> str:
    """From the root of the page tree to the first page, as an editor clicks."""
    for link in editor.open(walk.site + "/cms/pages/").links("/cms/pages/"):
        if re.search(r"/cms/pages/\d+/edit/$", link):
            return link
    raise WrongAnswer("The editor finds no page to edit.")
