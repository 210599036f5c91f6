"""Two machines: webs with disks of their own, one PostgreSQL, one Redis, one bucket."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import psycopg
import pytest

from plg_site.devstack import ports
from plg_site.devstack.options import ROOT
from plg_site.devstack.programs import without_made_up, without_services
from plg_site.devstack.stack import Stack
from tests.object_store.server import ObjectStore
from tests.visiting import VISITS

pytestmark = [pytest.mark.stack, pytest.mark.thorough]

PATIENCE = 120.0  # seconds, on a busy machine
PUBLISH = """
from cms.models import PricingPage
page = PricingPage.objects.get()
page.headline = {headline!r}
page.save_revision().publish()
"""


@dataclass
class Web:
    """A web process, its disk, and the port at which it listens."""

    port: int
    folder: Path
    env: dict[str, str]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "plg_site.wsgi", "-c",
             str(ROOT / "deploy" / "gunicorn.conf.py")],
            env=self.env, cwd=ROOT,
        )  # fmt: skip

    def get(self, path: str) -> tuple[int, str]:
        """Status and text; (0, "") when nobody answers."""
        return self._ask("GET", path)

    def visit(self, path: str) -> int:
        """What a page's script does when somebody looks at it; the status."""
        message = json.dumps({"view": {"path": path, "referrer": ""}})
        return self._ask("POST", VISITS, message, {"Sec-Fetch-Site": "same-origin"})[0]

    def _ask(
        self, method: str, path: str, body: str | None = None, headers: Mapping[str, str] = {}
    ) -> tuple[int, str]:
        assert not self.process or self.process.poll() is None, "it has ended"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        host = f"{self.env['SITE_DOMAIN']}:{self.env['PUBLIC_PORT']}"
        try:
            connection.request(method, path, body, {"Host": host, **headers})
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()

    def shows(self, words: str) -> bool:
        status, text = self.get("/pricing/")
        return status == 200 and words in text


def until(check: Callable[[], object], what: str) -> float:
    """Seconds until it held."""
    began = time.monotonic()
    while not check():
        assert time.monotonic() - began < PATIENCE, what
        time.sleep(0.1)
    return time.monotonic() - began


@pytest.fixture(scope="module")
def objects() -> Iterator[ObjectStore]:
    with tempfile.TemporaryDirectory() as folder:
        store = ObjectStore(Path(folder) / "log").start()
        yield store
        store.kill()


@pytest.fixture(scope="module")
def first(objects: ObjectStore) -> Iterator[Stack]:
    """Everything but the second web: its web, worker and consumer share a disk."""
    environ = without_services(without_made_up(os.environ)) | objects.environment("plg")
    environ["WEB_WORKERS"] = "1"
    with Stack(throw_away=True, apart=True, environ=environ).start() as running:
        yield running


@pytest.fixture(scope="module")
def webs(first: Stack) -> Iterator[tuple[Web, Web]]:
    one = Web(first.addresses.port, first.state.path, first.env)
    port, folder = ports.find_free(), Path(tempfile.mkdtemp(prefix="plg-second-"))
    env = {**first.env, "STATE_DIR": str(folder), "WEB_BIND": f"127.0.0.1:{port}"}
    two = Web(port, folder, env)
    two.start()
    until(lambda: two.get("/healthz")[0] == 200, "the second web does not start")
    yield one, two
    if two.process and two.process.poll() is None:
        two.process.terminate()
        two.process.wait(PATIENCE)
    shutil.rmtree(folder, ignore_errors=True)


def publish(headline: str, *, on: Web) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", PUBLISH.format(headline=headline)],
        env=on.env, cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]


def release_of(web: Web) -> str:
    """ "" while it has none."""
    pointer = web.folder / "releases" / "current"
    return os.readlink(pointer) if pointer.is_symlink() else ""


def test_what_is_published_on_one_machine_is_seen_on_both(first, webs, capsys) -> None:
    publish("Seen from everywhere", on=webs[1])
    seconds = [until(lambda web=web: web.shows("Seen from everywhere"), "not seen") for web in webs]
    until(lambda: release_of(webs[0]) == release_of(webs[1]), "they show two releases")
    with capsys.disabled():
        print("\n  seen by the builder's web, then by the other:", *(f"{s:.1f} s" for s in seconds))


def test_the_site_stands_while_bucket_and_database_are_away(first, webs, objects) -> None:
    publish("Here to stay", on=webs[0])
    for web in webs:
        until(lambda web=web: web.shows("Here to stay"), "not seen")
    until(lambda: release_of(webs[0]) == release_of(webs[1]), "they show two releases")
    objects.pause()
    try:
        assert all(web.shows("Here to stay") for web in webs)
        first.kill("postgres", stay_down=True)
        try:
            assert all(web.shows("Here to stay") for web in webs for _ in range(3))
        finally:
            first.restart("postgres")
    finally:
        objects.resume()
    publish("Back again", on=webs[0])
    for web in webs:
        until(lambda web=web: web.shows("Back again"), "nobody follows any more")


def views(first: Stack, path: str) -> tuple[int, int]:
    """How many visits of this path the store has, and how many different ones."""
    with psycopg.connect(first.env["EVENTS_DATABASE_URL"]) as connection:
        row = connection.execute(
            "SELECT count(*), count(DISTINCT id) FROM event WHERE properties->>'path' = %s", [path]
        ).fetchone()
    assert row is not None
    return row


def test_a_machine_that_ends_while_redis_is_away_loses_no_event_and_doubles_none(
    first, webs
) -> None:
    two = webs[1]
    until(lambda: two.visit("/terms/") == HTTPStatus.NO_CONTENT, "it takes no visit")
    until(lambda: views(first, "/terms/")[0] > 0, "the consumer does not run")
    first.kill("redis", stay_down=True)
    try:
        seen = views(first, "/terms/")[0]
        taken = sum(two.visit("/terms/") == HTTPStatus.NO_CONTENT for _ in range(40))
        assert taken == 40
        assert list((two.folder / "spool").glob("*.jsonl")), "they wait on its disk"
        assert two.process
        two.process.send_signal(signal.SIGTERM)
        two.process.wait(PATIENCE)
        assert not list((two.folder / "spool").glob("*.jsonl"))
        shutil.rmtree(two.folder)  # as the disk of a pod goes with it
    finally:
        first.restart("redis")
    until(lambda: views(first, "/terms/")[0] >= seen + 40, "events are lost")
    publish("Once more", on=webs[0])
    until(lambda: webs[0].shows("Once more"), "the worker does not build")
    assert views(first, "/terms/") == (seen + 40, seen + 40)


def test_a_new_machine_fetches_what_the_others_show_after_one_was_killed_in_the_middle(
    webs,
) -> None:
    two = webs[1]
    before = release_of(webs[0])
    half = two.folder / "releases" / f".fetching-{before}"
    half.mkdir(parents=True)
    (half / "index.html").write_text("half a page")
    two.start()
    until(lambda: two.shows("Once more"), "it shows nothing")
    until(lambda: not half.exists() and release_of(two) == before, "it did not fetch")
    assert "half a page" not in two.get("/")[1]
