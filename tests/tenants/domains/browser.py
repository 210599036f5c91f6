"""A browser as far as cookies, hosts and redirects go, over real HTTP to one loopback port.

It keeps cookies by the rules of RFC 6265: a cookie with a Domain that does not fit the host is dropped,
one without goes back to that host only. DNS is left out: every host is the server under test.
"""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from http.cookies import Morsel, SimpleCookie
from urllib.parse import urlencode, urljoin, urlsplit


@dataclass
class Answer:
    url: str
    status: int
    headers: dict[str, str]
    text: str
    trail: list[str]  # every address on the way

    @property
    def location(self) -> str:
        return self.headers.get("location", "")


class Browser:
    def __init__(self, port: int) -> None:
        self._port = port
        self.jar: dict[tuple[str, str, str], str] = {}  # (host or .domain, path, name): value

    def get(self, url: str, *, follow: bool = True, **headers: str) -> Answer:
        return self._go("GET", url, None, follow, headers)

    def post(
        self, url: str, fields: dict[str, str], *, follow: bool = True, **headers: str
    ) -> Answer:
        parts = urlsplit(url)
        headers.setdefault("Origin", f"{parts.scheme}://{parts.netloc}")
        return self._go("POST", url, urlencode(fields), follow, headers)

    def cookies(self, url: str) -> dict[str, str]:
        """What it would send there."""
        parts = urlsplit(url)
        host, path = parts.hostname or "", parts.path or "/"
        return {
            name: value
            for (scope, prefix, name), value in self.jar.items()
            if path.startswith(prefix)
            and (scope == host or (scope[0] == "." and f".{host}".endswith(scope)))
        }

    def _go(
        self, method: str, url: str, body: str | None, follow: bool, headers: dict[str, str]
    ) -> Answer:
        trail = [url]
        for _ in range(12):
            answer = self._ask(method, url, body, headers, trail)
            if not follow or answer.status not in {301, 302, 303}:
                return answer
            method, body, headers = "GET", None, {}
            url = urljoin(url, answer.location)
            trail.append(url)
        raise AssertionError(f"too many redirects: {trail}")

    def _ask(
        self, method: str, url: str, body: str | None, headers: dict[str, str], trail: list[str]
    ) -> Answer:
        parts = urlsplit(url)
        sent = {"Host": parts.netloc, **headers}
        if cookies := self.cookies(url):
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        if body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target or "/", body, sent)
        response = connection.getresponse()
        text = response.read().decode(errors="replace")
        for line in response.headers.get_all("Set-Cookie") or []:
            for morsel in SimpleCookie(line).values():
                self._keep(parts.hostname or "", morsel)
        found = {name.lower(): value for name, value in response.getheaders()}
        connection.close()
        return Answer(url, response.status, found, text, list(trail))

    def _keep(self, host: str, morsel: Morsel[str]) -> None:
        scope = host
        if domain := morsel["domain"]:
            scope = f".{domain.lstrip('.')}"
            if not f".{host}".endswith(scope):
                return  # not theirs to set
        key = (scope, morsel["path"] or "/", morsel.key)
        if morsel["max-age"] in {0, "0"}:
            self.jar.pop(key, None)
        else:
            self.jar[key] = morsel.value
