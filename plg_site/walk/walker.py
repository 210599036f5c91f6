"""The walker: what it knows, how long it waits, and what it reads off the usage page."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from plg_site.walk.browser import Browser, WrongAnswer, check_status

# Seconds. What is slower is said; what is several times slower is wrong, also on a busy machine.
SEEN_WITHIN = 2.0  # from a click to the usage page
READY_WITHIN = 1.0  # from the POST of the sign-up to the drawn workspace
PUBLISHED_WITHIN = 10.0  # from publishing to the visitor
WRONG_AFTER = 5  # times as long
_STORE_PATIENCE = 5.0  # seconds in which usage may not be readable


@dataclass
class Walk:
    """What the walker knows: addresses it was given, and what it met on the way."""

    site: str
    target: str  # a page of the site that is always there
    editor: tuple[str, str]
    outsider: tuple[str, str]
    visitor: Browser = field(default_factory=Browser)
    user: Browser = field(default_factory=Browser)
    run: str = field(default_factory=lambda: secrets.token_hex(3))
    workspace: str = ""
    api_key: str = ""
    met: dict[str, str] = field(default_factory=dict)  # what the product's steps tell later ones

    @property
    def email(self) -> str:
        return f"walk-{self.run}@example.com"

    def mail(self, to: str, subject: str) -> str:
        """The text of the newest mail to an address whose subject contains `subject`."""
        for _ in range(200):
            answer = Browser().call(
                "GET", f"{self.site}/outbox/", expect=200, params={"format": "json", "to": to}
            )
            for message in answer.json()["messages"]:
                if subject.lower() in message["subject"].lower():
                    return str(message["text"])
            time.sleep(0.1)
        raise WrongAnswer(f"No mail to {to} about {subject!r} within 20 s.")

    def api(
        self, method: str, path: str, *, expect: int, key: str = "", **kwargs: Any
    ) -> httpx.Response:
        """A call of the workspace's API with its key; fails on another status."""
        answer = self.ask_api(method, path, key=key, **kwargs)
        check_status(answer, expect)
        return answer

    def ask_api(self, method: str, path: str, *, key: str = "", **kwargs: Any) -> httpx.Response:
        """The same, whatever the answer is."""
        headers = {"Authorization": f"Bearer {key or self.api_key}"}
        return self.user.http.request(
            method, f"{self.workspace}/api/v1{path}", headers=headers, **kwargs
        )


def usage_by_api(walk: Walk) -> dict[str, int]:
    """What the API says was used, by meter."""
    rows = walk.api("GET", "/usage", expect=200).json()
    return {row["meter"]: row["used"] for row in rows}


def is_problem(answer: httpx.Response) -> dict[str, object]:
    """What a refusal of the API says; fails where it is not one that programs can read (RFC 9457)."""
    if not answer.headers["content-type"].startswith("application/problem+json"):
        raise WrongAnswer(f"{answer.request.url} answers {answer.headers['content-type']}.")
    return dict(answer.json())


def timed(took: float, within: float) -> str:
    """The duration in words, with a remark where it misses its bar. Raises WrongAnswer far beyond."""
    if took > within * WRONG_AFTER:
        raise WrongAnswer(f"It took {took:.2f} s; the bar is {within} s.")
    slow = f" (slower than {within} s: a busy machine?)" if took > within else ""
    return f"{took * 1000:.0f} ms{slow}"


def wait(holds: Callable[[], bool], what: str, *, seconds: float = 10.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            raise WrongAnswer(f"Waited {seconds} s until {what}, in vain.")
        time.sleep(0.1)


def used(walk: Walk, meter: str) -> str:
    """What the live part of the usage page says of a meter, such as "3" or "4.0 KB".

    Patient where it says that usage cannot be read: so it is for a moment after the store was away.
    """
    page = walk.user.open(f"{walk.workspace}/usage/")
    live = page.attribute("hx-get").split("?")[0]  # as the page asks, but without what it has seen
    until = time.monotonic() + _STORE_PATIENCE
    while True:
        tag = walk.user.open(live).soup.select_one(f"#meter-{meter} .meter__value strong")
        if tag is not None:
            break
        if time.monotonic() > until:
            raise WrongAnswer(f"The live part of the usage page has no meter {meter!r}.")
        time.sleep(0.2)
    return tag.get_text(strip=True).replace(",", "").replace("\xa0", " ")
