"""A browser without a screen: cookies, redirects and forms over real HTTP."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpcore
import httpx
from bs4 import BeautifulSoup, Tag

_PATIENCE = 30.0  # seconds


class WrongAnswer(Exception):
    """The first thing on the walk that was not as it should be."""


class LoopbackNames(httpcore.SyncBackend):
    """Resolves `*.localhost` to loopback, as browsers do and many resolvers do not."""

    def connect_tcp(self, host: str, *args: Any, **kwargs: Any) -> httpcore.NetworkStream:
        if host == "localhost" or host.endswith(".localhost"):
            host = "127.0.0.1"
        return super().connect_tcp(host, *args, **kwargs)


class Browser:
    """One person's browser. `page` is the last page it drew."""

    def __init__(self, *, user_agent: str = "Mozilla/5.0 (X11; Linux x86_64) Walk/1") -> None:
        transport = httpx.HTTPTransport(retries=0)
        transport._pool = httpcore.ConnectionPool(
            network_backend=LoopbackNames(), http1=True, keepalive_expiry=2.0
        )
        # Not httpx's own name: a visit by what calls itself a script is no click.
        headers = {"Accept": "text/html", "User-Agent": user_agent}
        self.http = httpx.Client(transport=transport, timeout=20, headers=headers)
        self.page = Page(httpx.Response(204, request=httpx.Request("GET", "http://localhost")))

    def open(self, url: str, *, expect: int = 200, follow: bool = True) -> Page:
        """GET `url` (absolute, or relative to the page); fail on another status."""
        response = self.http.get(self._absolute(url), follow_redirects=follow)
        return self._draw(self._when_ready(response), expect)

    def submit(
        self,
        form: Form,
        values: dict[str, Any] | None = None,
        *,
        files: dict[str, Any] | None = None,
        expect: int = 200,
        follow: bool = True,
    ) -> Page:
        """Send a form of the page with its hidden fields, defaults and `values`."""
        data = {**form.defaults, **(values or {})}
        headers = {"Referer": str(self.page.url), "Origin": origin(str(self.page.url))}
        response = self.http.request(
            form.method,
            self._absolute(form.action),
            data=data if form.method == "POST" else None,
            params=data if form.method == "GET" else None,
            files=files,
            headers=headers,
            follow_redirects=follow,
        )
        return self._draw(self._when_ready(response), expect)

    def _when_ready(self, response: httpx.Response) -> httpx.Response:
        """A page that says "accepted, not there yet" asks again by itself, and we with it."""
        give_up_at = time.monotonic() + _PATIENCE
        while response.status_code == httpx.codes.ACCEPTED and time.monotonic() < give_up_at:
            time.sleep(0.3)
            response = self.http.get(response.url)
        return response

    def call(self, method: str, url: str, *, expect: int, **kwargs: Any) -> httpx.Response:
        """A call of an API; fails on another status."""
        response = self.http.request(method, url, **kwargs)
        check_status(response, expect)
        return response

    def _absolute(self, url: str) -> str:
        return urljoin(str(self.page.url), url)

    def _draw(self, response: httpx.Response, expect: int) -> Page:
        check_status(response, expect)
        self.page = Page(response)
        return self.page


class Page:
    """An answer: its address, text, links and forms."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.url = response.url
        self.soup = BeautifulSoup(response.text, "html.parser")

    @property
    def text(self) -> str:
        return " ".join(self.soup.get_text(" ").split())

    def must_say(self, *words: str) -> Page:
        """Fail unless each of the words is on the page."""
        for word in words:
            if word.lower() not in self.text.lower():
                raise WrongAnswer(f"{self.url} does not say {word!r}. It says: {self.text[:400]}")
        return self

    def form(self, *, field: str | None = None, action: str | None = None) -> Form:
        """The first form with a field of this name, or with this in its action."""
        for tag in self.soup.find_all("form"):
            names = {
                str(item.get("name"))
                for item in tag.find_all(["input", "select", "textarea", "button"])
            }
            if field is not None and field not in names:
                continue
            if action is not None and action not in str(tag.get("action") or ""):
                continue
            return Form(tag, str(self.url))
        raise WrongAnswer(f"{self.url} has no form with {field or action!r}.")

    def links(self, containing: str) -> list[str]:
        """Addresses of the links that contain this text in their address."""
        found = (str(a.get("href")) for a in self.soup.find_all("a", href=True))
        return [urljoin(str(self.url), href) for href in found if containing in href]

    def attribute(self, name: str) -> str:
        """The first value of this attribute on the page."""
        tag = self.soup.select_one(f"[{name}]")
        if not isinstance(tag, Tag):
            raise WrongAnswer(f"{self.url} has no element with {name}.")
        return str(tag[name])


class Form:
    """A form of a page with what a browser would send if nobody typed anything."""

    def __init__(self, tag: Tag, base: str) -> None:
        self.tag = tag
        self.action = urljoin(base, str(tag.get("action") or ""))
        self.method = str(tag.get("method") or "get").upper()
        self.defaults = dict(_defaults(tag))

    def sent_to(self, action: str) -> Form:
        """The same form, sent to another address, as a script of the page may do."""
        other = copy.copy(self)
        other.action = action
        return other


def _defaults(form: Tag) -> Iterable[tuple[str, str]]:
    for item in form.find_all(["input", "select", "textarea"]):
        name, kind = item.get("name"), item.get("type", "text")
        if not name or kind in {"file", "submit", "button", "image"} or item.has_attr("disabled"):
            continue
        if kind in {"checkbox", "radio"} and not item.has_attr("checked"):
            continue
        if item.name == "select":
            chosen = item.find("option", selected=True) or item.find("option")
            yield str(name), str(chosen.get("value", "")) if chosen else ""
        elif item.name == "textarea":
            yield str(name), item.get_text()
        else:
            yield str(name), str(item.get("value", "on" if kind in {"checkbox", "radio"} else ""))


def origin(url: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def check_status(response: httpx.Response, expect: int) -> None:
    """Raises WrongAnswer with what the answer says instead."""
    if response.status_code != expect:
        where = f"{response.request.method} {response.request.url}"
        raise WrongAnswer(
            f"{where} answered {response.status_code} instead of {expect}: "
            f"{' '.join(BeautifulSoup(response.text, 'html.parser').get_text(' ').split())[:400]}"
        )
