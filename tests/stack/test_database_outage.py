"""PostgreSQL is killed for ten seconds under light traffic: what needs no database does not notice."""

from __future__ import annotations

import collections
import http.client
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg
import pytest

from plg_site.devstack.stack import Stack
from plg_site.walk import journey
from plg_site.walk.walker import Walk
from tests.stack.survival import load

pytestmark = [pytest.mark.stack, pytest.mark.thorough]

AWAY_FOR = 10.0  # seconds
CLICKS, PAGES = 25, 5  # a second
LINES = 20  # of the log, for each process
PROCESSES = {
    "web": 2,
    "worker": 3,
    "background": 1,
    "events": 1,
    "outbound": 1,
    "beat": 1,
    "live": 1,
}


@dataclass
class Traffic:
    """What was asked at a pace, and what came: a status, "" for none, and the seconds it took."""

    stack: Stack
    answers: dict[str, list[tuple[int, float]]] = field(
        default_factory=lambda: collections.defaultdict(list)
    )
    stop: threading.Event = field(default_factory=threading.Event)

    def ask(
        self, kind: str, method: str, host: str, path: str, body: str = "", **headers: str
    ) -> http.client.HTTPResponse | None:
        began, answer = time.monotonic(), None
        port = self.stack.addresses.port
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=load.PATIENT)
        try:
            said = {"Host": f"{host}:{port}"}
            said |= {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body or None, headers=said)
            answer = connection.getresponse()
            answer.read()
        except load.GONE:
            pass
        finally:
            connection.close()
        self.answers[kind].append((answer.status if answer else 0, time.monotonic() - began))
        return answer

    def at(self, rate: float, job: Callable[[int], object]) -> threading.Thread:
        """Again and again, begun so often a second; on a busy machine less often."""

        def run() -> None:
            number = 0
            while not self.stop.wait(1 / rate):
                job(number)
                number += 1

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def look(self, host: str, cookie: str) -> None:
        """A page that somebody looks at: its script tells of the visit."""
        self.ask("signed in", "GET", host, "/", Cookie=cookie)
        message = json.dumps({"view": {"path": "/", "referrer": ""}})
        said = {"Cookie": cookie, "Sec_Fetch_Site": "same-origin"}
        self.ask("visits", "POST", host, "/visits/", message, **said)

    def failed(self, kind: str) -> list[tuple[int, float]]:
        return [each for each in self.answers[kind] if each[0] not in (200, 204, 302)]

    def p95(self, kind: str) -> float:
        seconds = sorted(each[1] for each in self.answers[kind])
        return seconds[int(len(seconds) * 0.95)] if seconds else 0.0


def test_pages_and_known_links_go_on_and_the_rest_says_when_to_come_back(stack, new_walk, capsys):
    workspace = load.furnish(stack, "no-database")
    workspace.answer_within = load.PATIENT
    walk: Walk = new_walk()
    journey.sign_up(walk)
    cookie = "; ".join(f"{each.name}={each.value}" for each in walk.user.http.cookies.jar)
    assert "session" in cookie
    site, host = stack.addresses.domain, f"{workspace.slug}.{stack.addresses.domain}"
    traffic = Traffic(stack)
    for number in range(80):  # each process of web has seen the link, and each has shown the page
        traffic.ask("before", "GET", host, f"/{workspace.code}")
        if number % 4 == 0:
            traffic.ask("before", "GET", site, "/pricing/", Cookie=cookie)
    assert traffic.failed("before") == []

    begin = stack.state.log_path.stat().st_size
    stack.kill("postgres", stay_down=True)
    try:
        _under_traffic(traffic, site, host, workspace, cookie)
        away = _what_needs_the_database(traffic, site, host, workspace, cookie)
    finally:
        stack.restart("postgres")
    for answer in away:
        assert answer is not None
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    with capsys.disabled():
        print(f"\n  {AWAY_FOR:.0f} s without PostgreSQL:", end=" ")
        for kind in ("pages", "signed in", "clicks", "probes", "turned away"):
            print(f"{len(traffic.answers[kind])} {kind} (p95 {traffic.p95(kind):.2f} s)", end=" ")
        print({name: sum(counts.values()) for name, counts in _lines(stack, begin).items()})
    for kind in ("pages", "signed in", "visits", "clicks", "probes"):
        assert len(traffic.answers[kind]) >= AWAY_FOR / 2
        assert traffic.failed(kind) == []

    assert {status for status, _ in traffic.answers["turned away"]} == {503}
    _is_well_again(stack, new_walk, workspace)
    for name, counts in _lines(stack, begin).items():
        said = sum(counts.values())
        assert said <= LINES * PROCESSES.get(name, 1), (name, counts.most_common(10))
    _visits_have_their_person(stack, walk, len(traffic.answers["visits"]))


def _under_traffic(
    traffic: Traffic, site: str, host: str, workspace: load.Workspace, cookie: str
) -> None:
    threads = [
        *(traffic.at(CLICKS / 5, lambda _: traffic.ask("clicks", "GET", host, f"/{workspace.code}"))
          for _ in range(5)),
        traffic.at(PAGES / 2, lambda _: traffic.ask("pages", "GET", site, "/pricing/")),
        traffic.at(PAGES / 2, lambda _: traffic.look(site, cookie)),
        traffic.at(2, lambda _: traffic.ask("turned away", "GET", host, "/links/", Cookie=cookie)),
        traffic.at(1, lambda number: traffic.ask(
            "probes", "GET", "10.1.2.3", ("/livez", "/readyz")[number % 2])),
    ]  # fmt: skip
    time.sleep(AWAY_FOR)
    traffic.stop.set()
    for thread in threads:
        thread.join(load.PATIENCE)


def _what_needs_the_database(
    traffic: Traffic, site: str, host: str, workspace: load.Workspace, cookie: str
) -> list[http.client.HTTPResponse | None]:
    login = {"Authorization": workspace.login["Authorization"]}
    return [
        traffic.ask("refused", "GET", site, "/account/profile/", Cookie=cookie),
        traffic.ask("refused", "GET", host, "/links/", Cookie=cookie),
        traffic.ask("refused", "GET", host, "/a-code-that-nobody-knows"),
        traffic.ask("refused", "GET", host, "/api/v1/links", **login),
    ]


def _is_well_again(stack: Stack, new_walk: Callable[[], Walk], workspace: load.Workspace) -> None:
    until = time.monotonic() + load.PATIENCE
    while True:
        answer = workspace.ask("GET", "/api/v1/links", headers=workspace.login)
        if answer and answer.status == 200:
            break
        assert time.monotonic() < until, "the database is back, and nobody notices"
        time.sleep(0.2)
    journey.sign_up(new_walk())


def _lines(stack: Stack, begin: int) -> dict[str, collections.Counter[str]]:
    """Lines of each program since then, by what they say."""
    with stack.state.log_path.open("rb") as file:
        file.seek(begin)
        said = file.read().decode("utf-8", "replace").splitlines()
    found: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for line in said:
        _, _, name, *words = line.split(maxsplit=3)
        if name not in ("postgres", "redis", "stripe"):
            found[name][words[0] if words else ""] += 1
    return found


def _visits_have_their_person(stack: Stack, walk: Walk, visits: int) -> None:
    """Those of the outage, too, once somebody can say whose they are."""
    query = (
        "SELECT count(*) FROM event"
        " WHERE name = 'Page Viewed' AND person = %s AND properties->>'path' = '/'"
    )
    with psycopg.connect(stack.env["DATABASE_URL"]) as database:
        row = database.execute(
            "SELECT id FROM identity_person WHERE email = %s", [walk.email]
        ).fetchone()
    assert row is not None
    until = time.monotonic() + load.PATIENCE
    while True:
        try:
            with psycopg.connect(stack.env["EVENTS_DATABASE_URL"]) as store:
                found = store.execute(query, [row[0]]).fetchone()
        except psycopg.OperationalError:
            found = None
        if found and found[0] >= visits:
            return
        assert time.monotonic() < until, f"{found} of {visits} visits have their person"
        time.sleep(0.5)
