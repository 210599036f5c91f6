"""The whole site behind Varnish with the shipped rules: kept, shown while nobody answers, new after a
publish; and each visit counted once, wherever the page came from."""

from __future__ import annotations

import http.client
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from plg_site.devstack import ports, programs
from plg_site.devstack.options import ROOT
from plg_site.devstack.stack import Stack
from tests.plg_site import proxies, varnish

pytestmark = [pytest.mark.stack, pytest.mark.thorough]

WEB = "web-behind-cdn"
# As if a minute had gone by: what is kept is no longer fresh.
OVER_AT_ONCE = "sub vcl_backend_response { set beresp.ttl = 300ms; }"
SHOWS_TIMES = 'sub vcl_deliver { set resp.http.X-Times = obj.ttl + " " + obj.grace; }'
TEN_MINUTES = 600
PUBLISHED_WITHIN = 5.0  # seconds after the release is there
PUBLISH = """
from cms.models import PricingPage
page = PricingPage.objects.get()
page.headline = {words!r}
page.save_revision().publish()
"""


class Cdn:
    """What stands in front, as browsers meet it."""

    def __init__(self, port: int, host: str) -> None:
        self.port, self.host = port, host

    def ask(
        self, method: str, path: str, body: str = "", **headers: str
    ) -> tuple[int, http.client.HTTPMessage, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body or None, {"Host": self.host, **said})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def kept(self, path: str) -> bool:
        status, headers, _ = self.ask("GET", path, Cookie="plg_aid=1; plg_session=somebody")
        assert status == 200, path
        return headers["X-Cache"] == "HIT"


@pytest.fixture(scope="module")
def web(stack: Stack) -> Iterator[int]:
    """A web process of its own, to be stopped. Its port."""
    port = ports.find_free()
    env = stack.env | {"WEB_WORKERS": "1", "TRUSTED_PROXIES": "127.0.0.1/32"}
    program = programs.web(replace(stack.addresses, port=port), env)
    stack.supervisor.start(replace(program, name=WEB))
    stack.wait_until_ready(WEB)
    yield port
    stack.kill(WEB, stay_down=True)


@pytest.fixture
def host(stack: Stack) -> str:
    return f"{stack.addresses.domain}:{stack.addresses.port}"


@pytest.fixture
def pages(stack: Stack) -> list[str]:
    """The addresses of everything in the release."""
    current = stack.state.path / "releases" / "current"
    table = json.loads((current / "release.json").read_text())
    found = [f"/{path}" for path in table["entries"] if path != "404.html"]
    assert len(found) > 8
    return found


@pytest.fixture
def cdn(stack: Stack, web: int, host: str, tmp_path: Path) -> Iterator[Cdn]:
    site = stack.addresses.domain
    with varnish.varnish(tmp_path, [web], site=site, last=SHOWS_TIMES) as port:
        yield Cdn(port, host)


def test_the_second_to_ask_for_any_page_of_the_site_gets_what_is_kept(cdn: Cdn, pages: list[str]):
    for page in pages:
        cdn.kept(page)
        assert cdn.kept(page), page
        _, headers, _ = cdn.ask("GET", page)
        assert "Set-Cookie" not in headers
        assert "cookie" not in headers.get("Vary", "").lower()
        _, grace = map(float, headers["X-Times"].split())
        assert grace > TEN_MINUTES, "for so long, and longer, it is shown while nobody answers"


def test_while_no_web_answers_every_page_is_shown(
    stack: Stack, web: int, host: str, pages: list[str], tmp_path: Path
):
    site = stack.addresses.domain
    with varnish.varnish(
        tmp_path, [web], site=site, first=OVER_AT_ONCE, grace="300ms", last=SHOWS_TIMES
    ) as port:
        cdn = Cdn(port, host)
        texts = {page: cdn.ask("GET", page)[2] for page in pages}
        stack.kill(WEB, stay_down=True)
        try:
            time.sleep(1)
            for _ in range(2):
                for page in pages:
                    status, headers, text = cdn.ask("GET", page)
                    ttl, grace = map(float, headers["X-Times"].split())
                    assert (status, text) == (200, texts[page]), page
                    assert ttl < 0 < grace - TEN_MINUTES, (
                        "it is over, and good for ten minutes more"
                    )
            assert cdn.ask("GET", "/login/")[0] == 503
        finally:
            stack.restart(WEB)
        until(lambda: cdn.ask("GET", "/login/")[0] == 200)


class Unwilling:
    """Another cache, which does not take the first purge that it is told of."""

    def __init__(self) -> None:
        self.told = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if environ["REQUEST_METHOD"] == "PURGE":
            self.told += 1
        start_response("503 No" if self.told == 1 else "200 OK", [("Content-Length", "0")])
        return []


@pytest.fixture
def unwilling() -> Unwilling:
    return Unwilling()


@pytest.mark.endurance
def test_for_ten_minutes_without_web_every_page_is_shown(
    stack: Stack, cdn: Cdn, pages: list[str], capsys
):
    """By the clock, and by the rules as they are shipped."""
    texts = {page: cdn.ask("GET", page)[2] for page in pages}
    stack.kill(WEB, stay_down=True)
    shown, end = 0, time.monotonic() + TEN_MINUTES + 60
    try:
        while time.monotonic() < end:
            for page in pages:
                status, _, text = cdn.ask("GET", page)
                assert (status, text) == (200, texts[page]), (page, shown)
                shown += 1
            time.sleep(5)
    finally:
        stack.restart(WEB)
    with capsys.disabled():
        print(f"\n  {shown} pages in {TEN_MINUTES + 60} s without a web process, all of them shown")


@pytest.fixture
def worker(stack: Stack, cdn: Cdn, unwilling: Unwilling) -> Iterator[dict[str, str]]:
    """The stack's worker, told who stands in front; what it runs with."""
    with proxies.served(unwilling) as other:
        places = f"http://127.0.0.1:{cdn.port},http://127.0.0.1:{other}"
        yield from _told(stack, stack.env | {"CDN": "http", "CDN_PURGE_URLS": places})


def _told(stack: Stack, env: dict[str, str]) -> Iterator[dict[str, str]]:
    stack.kill("worker", stay_down=True)
    program = replace(programs.worker(env), name="worker-that-purges")
    stack.supervisor.start(program)
    stack.wait_until_ready(program.name)
    yield env
    stack.kill(program.name, stay_down=True)
    stack.restart("worker")


def test_a_publish_is_seen_through_it_within_seconds(
    stack: Stack, web: int, cdn: Cdn, worker: dict[str, str], unwilling: Unwilling, capsys
):
    for _ in range(2):
        cdn.ask("GET", "/pricing/")
    assert cdn.kept("/pricing/?utm_source=mail")
    assert cdn.kept("/blog/") or cdn.kept("/blog/")
    words = f"Prices of {time.time_ns()}"
    done = subprocess.run(
        programs.manage("shell", "-v0", "-c", PUBLISH.format(words=words)),
        env=worker, cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    behind = Cdn(web, cdn.host)
    until(lambda: words in behind.ask("GET", "/pricing/")[2])
    began = time.monotonic()
    until(lambda: words in cdn.ask("GET", "/pricing/")[2])
    took = time.monotonic() - began
    with capsys.disabled():
        print(f"\n  seen through the cache {took:.1f} s after the release was there")
    assert took < PUBLISHED_WITHIN
    assert words in cdn.ask("GET", "/pricing/?utm_source=mail")[2]
    assert cdn.kept("/blog/"), "what did not change stays"
    until(lambda: unwilling.told > 1)  # who did not take it is told again


def test_each_visit_is_counted_once_wherever_the_page_came_from(stack: Stack, cdn: Cdn):
    before, told = visits(stack), 25
    for number in range(told):
        cdn.ask("GET", "/pricing/")
        message = json.dumps({"view": {"path": "/pricing/", "referrer": ""}})
        private = {"Sec_GPC": "1"} if number % 5 == 0 else {}
        status, headers, _ = cdn.ask(
            "POST", "/visits/", message, Sec_Fetch_Site="same-origin", **private
        )
        assert status == 204
        assert ("Set-Cookie" in headers) is not bool(private)
    assert cdn.kept("/pricing/"), "most of them never met a web process"
    until(lambda: visits(stack) >= before + told)
    time.sleep(1)
    assert visits(stack) == before + told


def visits(stack: Stack) -> int:
    query = "SELECT count(*) FROM event WHERE name = 'Page Viewed'"
    with psycopg.connect(stack.env["EVENTS_DATABASE_URL"]) as store:
        row = store.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def until(holds: Callable[[], bool], *, within: float = 90) -> None:
    end = time.monotonic() + within
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)
