"""People who sign up over HTTP, as browsers do, and wait until their workspace can be used."""

from __future__ import annotations

import html
import http.client
import re
import time
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlencode

from plg_site.devstack.programs import Addresses

GIVE_UP_AFTER = 60.0
_FILLS_IN = 2.1  # seconds; who is faster than anybody can type is not taken for a person
_HIDDEN = re.compile(r'name="(token|seen)" value="([^"]+)"')
_ASK_AGAIN = re.compile(r"delay:(\d+)ms")


@dataclass(frozen=True)
class Visit:
    """What came of a sign-up. Seconds from when it was due, as far as it came; `why` it did not."""

    slug: str
    answered: float = 0.0  # to the answer of the POST
    usable: float = 0.0  # to the first page of the workspace itself
    had_to_wait: bool = False  # for its schema
    why: str = ""


@dataclass(frozen=True)
class Site:
    """Where they sign up, with the form that they have open already."""

    addresses: Addresses
    csrf: str
    # By address of a workspace: the hidden fields of the form that this person has loaded.
    loaded: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def open(cls, addresses: Addresses) -> Site:
        """Look at the form once. Raises RuntimeError when there is none."""
        _, headers, body = _ask(addresses, "GET", addresses.domain, "/signup/")
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', body)
        cookie = _cookies(headers).get("plg_csrf")
        if found is None or cookie is None:
            raise RuntimeError(f"There is no form on the sign-up page: {body[:400]}")
        return cls(addresses, cookie)

    def load(self, slugs: Sequence[str]) -> None:
        """Each of these people loads the form, and takes the time that filling it in takes."""
        for slug in slugs:
            _, _, body = _ask(self.addresses, "GET", self.addresses.domain, "/signup/")
            hidden = _HIDDEN.findall(body)
            self.loaded[slug] = {name: html.unescape(value) for name, value in hidden}
            if "token" not in self.loaded[slug]:
                raise RuntimeError(f"There is no form on the sign-up page: {body[:400]}")
        time.sleep(_FILLS_IN)

    def sign_up(self, slug: str, *, due: float) -> Visit:
        """The form, then the way that browsers are sent, until the workspace's own page is there."""
        try:
            return self._sign_up(slug, due)
        except (OSError, http.client.HTTPException, TimeoutError) as error:
            return Visit(slug, why=repr(error))

    def _sign_up(self, slug: str, due: float) -> Visit:
        form = {
            "csrfmiddlewaretoken": self.csrf,
            **self.loaded.pop(slug),
            "name": "Nora New",
            "email": f"owner@{slug}.example",
            "workspace_name": slug,
            "slug": slug,
            "password1": "correct horse battery",
        }
        cookies = {"plg_csrf": self.csrf}
        site = self.addresses.domain
        status, headers, body = _ask(
            self.addresses, "POST", site, "/signup/", cookies=cookies, form=form, by=_home_of(slug)
        )
        answered = time.monotonic() - due
        if status != 302:
            return Visit(slug, answered, why=f"{status}: {' '.join(body.split())[:300]}")
        if f"//{slug}." not in (home := headers.get("Location") or ""):
            return Visit(slug, answered, why=f"the sign-up leads to {home}")
        cookies |= _cookies(headers)
        return self._wait(slug, cookies, due, answered)

    def _wait(self, slug: str, cookies: dict[str, str], due: float, answered: float) -> Visit:
        had_to_wait = False
        while True:
            host = f"{slug}.{self.addresses.domain}"
            status, _, body = _ask(self.addresses, "GET", host, "/", cookies=cookies)
            spent = time.monotonic() - due
            if status == 200:
                return Visit(slug, answered, spent, had_to_wait)
            if status != 202 or spent > GIVE_UP_AFTER:
                return Visit(slug, answered, why=f"its page answers {status} after {spent:.0f} s")
            had_to_wait = True
            again = _ASK_AGAIN.search(body)
            time.sleep(int(again[1]) / 1000 if again else 1.0)


def in_a_row(site: Site, slugs: Sequence[str]) -> list[Visit]:
    """The next one comes when the one before is in."""
    site.load(slugs)
    return [site.sign_up(slug, due=time.monotonic()) for slug in slugs]


def at_a_rate(site: Site, slugs: Sequence[str], *, rate: float) -> list[Visit]:
    """One after the other is due, `rate` a second, however long those before take."""
    began = time.monotonic() + 0.2
    return _each(site, slugs, [began + number / rate for number in range(len(slugs))])


def at_once(site: Site, slugs: Sequence[str]) -> list[Visit]:
    """All of them at the same moment."""
    return _each(site, slugs, [time.monotonic() + 0.2] * len(slugs))


def _each(site: Site, slugs: Sequence[str], due: Sequence[float]) -> list[Visit]:
    late = time.monotonic()
    site.load(slugs)
    late = time.monotonic() - late  # what is due was said before they had the form
    due = [moment + late for moment in due]

    def person(slug: str, moment: float) -> Visit:
        time.sleep(max(0.0, moment - time.monotonic()))
        return site.sign_up(slug, due=moment)

    with ThreadPoolExecutor(max(1, len(slugs))) as pool:  # none of them waits for another
        started = [pool.submit(person, *each) for each in zip(slugs, due, strict=True)]
    return [each.result() for each in started]  # raises what a person's thread raised


def _ask(
    addresses: Addresses,
    method: str,
    host: str,
    path: str,
    *,
    cookies: dict[str, str] | None = None,
    form: dict[str, str] | None = None,
    by: str = "127.0.0.1",
) -> tuple[int, http.client.HTTPMessage, str]:
    said = {"Host": f"{host}:{addresses.port}"}
    if cookies:
        said["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
    if form:
        said["Content-Type"] = "application/x-www-form-urlencoded"
    connection = http.client.HTTPConnection(
        "127.0.0.1", addresses.port, timeout=GIVE_UP_AFTER, source_address=(by, 0)
    )
    try:
        connection.request(method, path, urlencode(form) if form else None, said)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


def _home_of(slug: str) -> str:
    """Everybody has an address of their own: what one address may do in a minute is limited."""
    number = zlib.crc32(slug.encode())
    return f"127.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255 or 1}"


def _cookies(headers: http.client.HTTPMessage) -> dict[str, str]:
    found = {}
    for line in headers.get_all("Set-Cookie") or []:
        name, _, value = line.split(";", 1)[0].partition("=")
        found[name] = value
    return found
