"""The steps of the journey, in order. Each returns what it saw, in a few words."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from plg_site.walk.browser import Browser, Form, Page, WrongAnswer, origin
from plg_site.walk.stream_field import stream_fields

# Seconds. What is slower is said; what is several times slower is wrong, also on a busy machine.
SEEN_WITHIN = 2.0  # from a click to the usage page
READY_WITHIN = 1.0  # from the POST of the sign-up to the drawn workspace
PUBLISHED_WITHIN = 10.0  # from publishing to the visitor
WRONG_AFTER = 5  # times as long

FILE_BYTES = 4096


@dataclass
class Walk:
    """What the walker knows: addresses it was given, and what it met on the way."""

    site: str
    target: str  # where its short links lead
    editor: tuple[str, str]
    outsider: tuple[str, str]
    visitor: Browser = field(default_factory=Browser)
    user: Browser = field(default_factory=Browser)
    run: str = field(default_factory=lambda: secrets.token_hex(3))
    workspace: str = ""
    short_url: str = ""
    api_key: str = ""

    @property
    def email(self) -> str:
        return f"walk-{self.run}@example.com"

    def mail(self, to: str, subject: str) -> str:
        """The text of the newest mail to an address whose subject contains `subject`."""
        for _ in range(50):
            answer = Browser().call(
                "GET", f"{self.site}/outbox/", expect=200, params={"format": "json", "to": to}
            )
            for message in answer.json()["messages"]:
                if subject.lower() in message["subject"].lower():
                    return str(message["text"])
            time.sleep(0.1)
        raise WrongAnswer(f"No mail to {to} about {subject!r} within 5 s.")

    def api(self, method: str, path: str, *, expect: int, **kwargs: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.api_key}"}
        return self.user.call(
            method, f"{self.workspace}/api/v1{path}", expect=expect, headers=headers, **kwargs
        )


Step = Callable[[Walk], str]


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


def sign_up(walk: Walk) -> str:
    """They sign up with one form, and the next page is their workspace."""
    form = walk.user.open(walk.site + "/signup/").form(field="workspace_name")
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
    return f"{walk.workspace} ready {_timed(took, READY_WITHIN)} after the POST"


def _timed(took: float, within: float) -> str:
    """The duration in words, with a remark where it misses its bar. Raises WrongAnswer far beyond."""
    if took > within * WRONG_AFTER:
        raise WrongAnswer(f"It took {took:.2f} s; the bar is {within} s.")
    slow = f" (slower than {within} s: a busy machine?)" if took > within else ""
    return f"{took * 1000:.0f} ms{slow}"


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
        _timed(time.monotonic() - started, SEEN_WITHIN)
        time.sleep(0.1)
    return f"counted {_timed(time.monotonic() - started, SEEN_WITHIN)} after the redirect"


def used(walk: Walk, meter: str) -> str:
    """What the live part of the usage page says of a meter, such as "3" or "4.0 KB"."""
    page = walk.user.open(f"{walk.workspace}/usage/")
    live = page.attribute("hx-get").split("?")[0]  # as the page asks, but without what it has seen
    tag = walk.user.open(live).soup.select_one(f"#meter-{meter} .meter__value strong")
    if tag is None:
        raise WrongAnswer(f"The live part of the usage page has no meter {meter!r}.")
    return tag.get_text(strip=True).replace(",", "").replace("\xa0", " ")


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
    _wait(lambda: used(walk, "storage") != before, "storage is counted")
    return f"{len(content)} bytes from {got.request.url.host}"


def _wait(holds: Callable[[], bool], what: str, *, seconds: float = 3.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            raise WrongAnswer(f"Waited {seconds} s until {what}, in vain.")
        time.sleep(0.1)


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
    """An API key is shown once; with it a link is made; a wrong key is told so."""
    form = walk.user.open(walk.workspace + "/api-keys/").form(field="name")
    page = walk.user.submit(form, {"name": f"walk {walk.run}"})
    found = re.search(r"sk_[\w-]{20,}", str(page.soup))
    if found is None:
        raise WrongAnswer("The new API key is not shown.")
    walk.api_key = found.group(0)
    if walk.api_key in str(walk.user.open(walk.workspace + "/api-keys/").soup):
        raise WrongAnswer("The API key is shown a second time.")
    walk.api("POST", "/links", expect=201, json={"target_url": walk.target, "title": "By API"})
    wrong = walk.user.call(
        "GET",
        f"{walk.workspace}/api/v1/links",
        expect=401,
        headers={"Authorization": "Bearer nope"},
    )
    _is_problem(wrong)
    walk.user.open(walk.workspace + "/api/docs")
    facts = {"storage": FILE_BYTES, "seats": 2, "api_calls": 3}
    _wait(lambda: facts.items() <= _usage_by_api(walk).items(), f"the API says {facts}")
    return "key, link by API, docs; usage agrees to the byte"


def _usage_by_api(walk: Walk) -> dict[str, int]:
    rows = walk.api("GET", "/usage", expect=200).json()
    return {row["meter"]: row["used"] for row in rows}


def _is_problem(answer: httpx.Response) -> dict[str, object]:
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
    problem = _is_problem(answer)
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


def edit_the_site(walk: Walk) -> str:
    """An editor changes the home page, previews, publishes; the visitor and the API see it."""
    editor = Browser()
    form = editor.open(walk.site + "/login/?next=/cms/").form(field="password")
    editor.submit(form, {"login": walk.editor[0], "password": walk.editor[1]})
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
    _wait(
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
