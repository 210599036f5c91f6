"""deploy/varnish/site.vcl: what it keeps, what never, and what people get when nobody answers."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.plg_site import proxies, varnish

pytestmark = pytest.mark.thorough

SITE = "signpost.example"
PUBLIC = "public, max-age=0, s-maxage=60, stale-while-revalidate=600, stale-if-error=86400"
# As if a minute had gone by, and ten.
OVER_AT_ONCE = "sub vcl_backend_response { set beresp.ttl = 500ms; }"
SHOWS_TIMES = 'sub vcl_deliver { set resp.http.X-Times = obj.ttl + " " + obj.grace; }'


@dataclass
class Origin:
    """A web process that answers as it is told; `asked` has each request that reached it."""

    answers: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    is_broken: bool = False

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        path = environ["PATH_INFO"]
        if path == "/readyz":
            start_response("200 OK", [("Content-Length", "0")])
            return []
        self.asked.append(environ)
        if self.is_broken:
            start_response("503 Service Unavailable", [("Content-Length", "6")])
            return [b"broken"]
        text, headers = self.answers.get(path, ("a page", {"Cache-Control": PUBLIC}))
        body = text.encode()
        start_response("200 OK", [*headers.items(), ("Content-Length", str(len(body)))])
        return [body]


@pytest.fixture
def origin() -> Origin:
    return Origin()


@pytest.fixture
def web(origin: Origin) -> Iterator[int]:
    with proxies.served(origin) as port:
        yield port


@pytest.fixture
def port(web: int, tmp_path: Path) -> Iterator[int]:
    with varnish.varnish(tmp_path, [web], site=SITE, last=SHOWS_TIMES) as found:
        yield found


def ask(port: int, path: str = "/", *, method: str = "GET", host: str = SITE, **headers: str):
    """Status, headers, text."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, headers={"Host": host, **said})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


def kept(port: int, path: str = "/", **said: str) -> bool:
    status, headers, _ = ask(port, path, **said)
    assert status == 200
    return headers["X-Cache"] == "HIT"


def test_it_keeps_what_is_public_whoever_asks_and_nothing_else(port, origin):
    origin.answers = {
        "/private/": ("of one", {"Cache-Control": "private, max-age=60"}),
        "/silent/": ("no word", {}),
        "/cookie/": ("of one", {"Cache-Control": PUBLIC, "Set-Cookie": "a=b"}),
        "/varies/": ("of one", {"Cache-Control": PUBLIC, "Vary": "Accept, Cookie"}),
        "/no-public/": ("of one", {"Cache-Control": "no-store, x-public-not"}),
    }
    assert not kept(port)
    assert kept(port)
    assert kept(port, Cookie="plg_session=somebody; plg_aid=1")
    assert kept(port, "/?utm_source=mail&utm_medium=x")
    assert not kept(port, "/?page=2&utm_source=mail")
    assert kept(port, "/?utm_campaign=x&page=2")
    assert not kept(port, Authorization="Bearer x")
    for path in origin.answers:
        assert [kept(port, path), kept(port, path)] == [False, False], path
    assert not kept(port, host="acme.signpost.example")
    assert not kept(port, host="acme.signpost.example"), "a workspace is nobody else's"


def test_times_are_those_of_the_answer(port):
    ask(port)
    status, headers, _ = ask(port)
    ttl, grace = map(float, headers["X-Times"].split())
    assert status == 200
    assert 50 < ttl <= 60
    assert grace == 86400, "a day without anybody who answers"


def test_an_address_comes_from_who_is_believed(web, origin, tmp_path):
    """Of TLS in front; what a client says of itself is dropped."""
    with varnish.varnish(tmp_path, [web], site=SITE) as port:
        ask(port, "/a/", X_Forwarded_For="9.9.9.9", X_Forwarded_Proto="https")
    assert origin.asked[-1]["HTTP_X_FORWARDED_FOR"] == "9.9.9.9, 127.0.0.1"
    assert origin.asked[-1]["HTTP_X_FORWARDED_PROTO"] == "https"
    alone = varnish.rules([web], site=SITE).replace('"127.0.0.1";\n\t"::1";', '"10.9.9.9";', 1)
    with varnish.running(tmp_path / "alone", alone) as port:
        ask(port, "/b/", X_Forwarded_For="9.9.9.9", X_Forwarded_Proto="https", X_Real_IP="9.9.9.9")
    assert origin.asked[-1]["HTTP_X_FORWARDED_FOR"] == "127.0.0.1"
    assert "HTTP_X_FORWARDED_PROTO" not in origin.asked[-1]
    assert "HTTP_X_REAL_IP" not in origin.asked[-1]


def test_a_purge_takes_an_address_with_all_its_queries_or_everything(port):
    for path in ("/a/", "/a/?page=2", "/b/"):
        kept(port, path)
    assert ask(port, "/a/", method="PURGE")[0] == 200
    assert [kept(port, path) for path in ("/a/", "/a/?page=2", "/b/")] == [False, False, True]
    assert ask(port, "/*", method="PURGE")[0] == 200
    assert not kept(port, "/b/")


def test_nobody_purges_from_outside(port):
    """Not through the TLS in front, which says for whom it asks; not by another name."""
    kept(port)
    assert ask(port, "/", method="PURGE", X_Forwarded_For="203.0.113.7")[0] == 405
    ask(port, "/", method="PURGE", host="another.example")
    assert kept(port)


def test_what_the_tls_terminator_asks_is_asked_by_nobody_through_here(port):
    assert ask(port, "/tls/ask/token/")[0] == 404


def test_it_is_there_for_who_stands_in_front_also_without_web(tmp_path):
    nobody = proxies.free_port()
    with varnish.varnish(tmp_path, [nobody], site=SITE) as port:
        assert ask(port, "/.well-known/cache-ready", host="10.1.2.3")[0] == 200
        assert ask(port, "/readyz")[0] == 503


def test_while_web_fails_people_get_what_there_is(web, origin, tmp_path):
    origin.answers = {"/": ("first", {"Cache-Control": PUBLIC})}
    with varnish.varnish(
        tmp_path, [web], site=SITE, first=OVER_AT_ONCE, grace="1s", last=SHOWS_TIMES
    ) as port:
        assert ask(port)[2] == "first"
        time.sleep(1.7)  # neither fresh, nor good for being shown while a new one is fetched
        origin.is_broken = True
        for _ in range(3):
            status, headers, text = ask(port)
            assert (status, text, headers["X-Cache"]) == (200, "first", "HIT")
        assert ask(port, "/never-seen/")[0] == 503
        origin.is_broken, origin.answers["/"] = False, ("second", {"Cache-Control": PUBLIC})
        until(lambda: ask(port)[2] == "second")


def test_a_page_that_is_no_longer_for_all_is_shown_to_nobody_from_here(web, origin, tmp_path):
    origin.answers = {"/": ("for all", {"Cache-Control": PUBLIC})}
    with varnish.varnish(tmp_path, [web], site=SITE, first=OVER_AT_ONCE) as port:
        assert ask(port)[2] == "for all"
        origin.answers["/"] = ("a password, please", {"Cache-Control": "private, no-cache"})
        time.sleep(0.7)
        until(lambda: ask(port)[2] == "a password, please")
        for _ in range(5):
            time.sleep(0.2)
            assert ask(port)[2] == "a password, please"


def test_a_slow_web_keeps_nobody_waiting(web, origin, tmp_path):
    """The old copy does, while one request fetches the new one."""
    told = threading.Event()

    def slow(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"] != "/readyz" and origin.asked:
            told.wait(5)
        return origin(environ, start_response)

    with (
        proxies.served(slow) as behind,
        varnish.varnish(tmp_path, [behind], site=SITE, first=OVER_AT_ONCE) as port,
    ):
        ask(port)
        time.sleep(0.7)
        began = time.monotonic()
        assert ask(port)[0] == 200
        assert time.monotonic() - began < 3
        told.set()


def until(holds) -> None:
    end = time.monotonic() + 15
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)
