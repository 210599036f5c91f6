"""One installation as its visitors meet it: a short link, and people who sign up."""

from __future__ import annotations

import http.client
import re
import statistics
import time
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlencode

import psutil
from bs4 import BeautifulSoup, Tag

from bench.against import Side
from bench.serving.clients import Target, requests_per_second
from plg_site.walk.browser import Browser, Form

COMMIT = "5ec79f5"  # that the present one stands beside
READS_FOR = 2.5  # seconds from the form to its sending: people type
_TARGET = "https://example.com/sale"
_AT_ONCE = 4  # of a crowd
_QUIET, _MOST = 0.6, 20.0  # of the processors idle; seconds that are waited for it


@dataclass
class Site:
    """A side with a workspace that has one link."""

    side: Side
    link: Target
    _owner: Browser
    _people: int = field(default=0)

    @classmethod
    def of(cls, side: Side) -> Site:
        """Sign somebody up, who makes a link. Raises WrongAnswer."""
        browser, home = Browser(), f"http://bench.{side.domain}:{side.port}"
        form = browser.open(f"{side.site}/signup/").form(field="workspace_name")
        browser.submit(form, _answers("bench"))
        form = browser.open(f"{home}/links/").form(field="target_url")
        page = browser.submit(form, {"target_url": _TARGET, "title": "Sale"})
        codes = re.findall(re.escape(home) + r"/([A-Za-z0-9_-]{4,})(?![\w/-])", str(page.soup))
        host = f"bench.{side.domain}:{side.port}"
        for code in dict.fromkeys(codes):
            answer = Browser().http.head(f"{home}/{code}", follow_redirects=False)
            if answer.headers.get("location") == _TARGET:
                return cls(side, Target(side.port, f"/{code}", host, 302), browser)
        raise RuntimeError(f"{page.url} shows no short link.")

    def click(self, *, seconds: float) -> float:
        """Milliseconds of a click, at full load. Raises WrongAnswer."""
        _until_quiet()
        return 1000 / requests_per_second(self.link, seconds=seconds)

    def crowd(self, *, people: int) -> float:
        """Sign-ups a second of so many people, a few of them at once. Raises RuntimeError.

        A few come before them: who has waited for a minute has let go of connections.
        """
        _until_quiet()
        everybody = self._some(people + _AT_ONCE)
        for person in everybody:
            person.loads_the_form()
            person.hangs_up()  # the last has the form long after the first
        time.sleep(READS_FOR)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(_Person.sends_it, everybody[:_AT_ONCE]))  # raises what one of them raised
            began = time.perf_counter()
            list(pool.map(_Person.sends_it, everybody[_AT_ONCE:]))
        return people / (time.perf_counter() - began)

    def all_sign_up(self, *, people: int) -> None:
        """So many load the form, one after the other, then send it. Raises RuntimeError."""
        for person in (everybody := self._some(people)):
            person.loads_the_form()
            person.hangs_up()
        time.sleep(READS_FOR)
        for person in everybody:
            person.sends_it()

    def pages(self, *, count: int) -> None:
        """The owner looks at the list of links so many times. Raises RuntimeError."""
        for _ in range(count):
            page = self._owner.http.get(f"http://{self.link.host}/links/")
            if page.status_code != 200 or self.link.path not in page.text:
                raise RuntimeError(f"{page.url} answers {page.status_code}: {page.text[:300]}")

    def sign_up(self, *, people: int) -> float:
        """Milliseconds of a sign-up, the form and its sending; the median of so many people.

        All load the form, one after the other, then all send it. Raises RuntimeError.
        """
        _until_quiet()
        everybody = self._some(people)
        loaded = [person.loads_the_form() for person in everybody]
        time.sleep(READS_FOR)
        sent = [person.sends_it() for person in everybody]
        return 1000 * statistics.median(map(sum, zip(loaded, sent, strict=True)))

    def _some(self, people: int) -> list[_Person]:
        """Who has not been here before."""
        first, self._people = self._people, self._people + people
        return [_Person(self.side, f"person-{number}") for number in range(first, self._people)]


class _Person:
    """Somebody with an address and a connection of their own."""

    def __init__(self, side: Side, slug: str) -> None:
        number = zlib.crc32(slug.encode())
        home = f"127.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255 or 1}"
        self._connection = http.client.HTTPConnection(
            "127.0.0.1", side.port, timeout=30, source_address=(home, 0)
        )
        self._host, self._slug = f"{side.domain}:{side.port}", slug
        self._cookies: dict[str, str] = {}
        self._form: dict[str, str] = {}

    def loads_the_form(self) -> float:
        """Seconds."""
        taken, body = self._ask("GET", expect=200)
        form = BeautifulSoup(body, "html.parser").find("input", attrs={"name": "workspace_name"})
        tag = form.find_parent("form") if isinstance(form, Tag) else None
        if not isinstance(tag, Tag):
            raise RuntimeError(f"There is no form on the sign-up page: {body[:300]!r}")
        self._form = Form(tag, "/signup/").defaults | _answers(self._slug)
        return taken

    def hangs_up(self) -> None:
        """The next request opens a connection anew."""
        self._connection.close()

    def sends_it(self) -> float:
        """Seconds."""
        taken, _ = self._ask("POST", expect=302)
        self._connection.close()
        return taken

    def _ask(self, method: str, *, expect: int) -> tuple[float, bytes]:
        headers = {"Host": self._host, "Origin": f"http://{self._host}", "Accept": "text/html"}
        if self._cookies:
            headers["Cookie"] = "; ".join(
                f"{name}={value}" for name, value in self._cookies.items()
            )
        body = None
        if method == "POST":
            headers |= {"Content-Type": "application/x-www-form-urlencoded"}
            headers |= {"Referer": f"http://{self._host}/signup/"}
            body = urlencode(self._form)
        began = time.perf_counter()
        self._connection.request(method, "/signup/", body, headers)
        answer = self._connection.getresponse()
        said = answer.read()
        taken = time.perf_counter() - began
        if answer.status != expect:
            words = " ".join(BeautifulSoup(said, "html.parser").get_text(" ").split())
            raise RuntimeError(f"{method} of the sign-up answered {answer.status}: {words[:600]}")
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = line.split(";", 1)[0].partition("=")
            self._cookies[name] = value
        return taken, said


def _answers(slug: str) -> dict[str, str]:
    return {
        "name": "Nora New",
        "email": f"owner@{slug}.example",
        "workspace_name": slug,
        "slug": slug,
        "password1": "correct horse battery",
    }


def _until_quiet() -> None:
    """What the turn before has left to do (schemas, mails) is no part of this one."""
    give_up_at = time.monotonic() + _MOST
    while time.monotonic() < give_up_at:
        before = _processors()
        time.sleep(0.5)
        idle, whole = (now - then for now, then in zip(_processors(), before, strict=True))
        if idle >= _QUIET * whole:
            return


def _processors() -> tuple[float, float]:
    """Seconds that the processors were idle, and all seconds, since the machine started."""
    times = psutil.cpu_times()
    idle = times.idle + getattr(times, "iowait", 0.0)
    # What a guest took is in the user's time already.
    return idle, sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)


def told(values: Sequence[float]) -> str:
    """The runs, for a note."""
    return ", ".join(f"{value:.3g}" for value in values)
