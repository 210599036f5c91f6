"""Traces of a whole stack: gunicorn, a worker that forks, the consumer, and who collects them."""

from __future__ import annotations

import http.client
import json
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from plg_site.devstack.programs import without_made_up, without_services
from plg_site.devstack.stack import Stack
from tests.stack import mailed
from tests.stack.traces.collector import Collector, Span, collecting

pytestmark = [pytest.mark.stack, pytest.mark.thorough]
PROXY = "127.0.0.2"  # declared; every other address of this machine is a client's
THEIRS = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture(scope="module")
def drawn() -> Iterator[tuple[Stack, Collector]]:
    """A stack that draws every trace, and a person's journey through it."""
    environ = without_services(without_made_up(os.environ))
    with collecting() as (collector, address):
        environ |= {
            "OTEL_EXPORTER_OTLP_ENDPOINT": address, "OTEL_TRACES_SAMPLER_ARG": "1",
            "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20of-the-collector",
            "OTEL_BSP_SCHEDULE_DELAY": "500", "LOG_FORMAT": "json", "SIGNUP_FORM_SECONDS": "0",
            "TRUSTED_PROXIES": PROXY, "DATABASE_WAIT": "60",
        }  # fmt: skip
        folder = Path(tempfile.mkdtemp(prefix="plg-"))
        with Stack(folder, throw_away=True, apart=True, environ=environ).start() as stack:
            done = stack.manage("walk", "--site", stack.site_url, timeout=600)
            assert done.returncode == 0, done.stdout + done.stderr
            yield stack, collector


def ask(stack: Stack, path: str, *, source: str, **headers: str) -> int:
    port = int(stack.site_url.rpartition(":")[2])
    connection = http.client.HTTPConnection(
        "127.0.0.1", port, timeout=60, source_address=(source, 0)
    )
    connection.request("GET", path, headers={"Host": "plg.localhost", **headers})
    status = connection.getresponse().status
    connection.close()
    return status


def by_trace(spans: list[Span]) -> dict[str, list[Span]]:
    found = defaultdict[str, list[Span]](list)
    for span in spans:
        found[span.trace].append(span)
    return found


def test_one_trace_leads_from_a_request_over_a_task_to_its_events(drawn):
    _, collector = drawn

    def whole(spans: list[Span]) -> list[Span] | None:
        for trace in by_trace(spans).values():
            services = {span.service for span in trace if not span.name.startswith("SELECT")}
            if {"plg-web", "plg-worker", "plg-events"} <= services:
                return trace
        return None

    trace = collector.wait_for(whole)
    ids = {span.id: span for span in trace}
    roots = [span for span in trace if not span.parent]
    assert [root.service for root in roots] == ["plg-web"]
    assert roots[0].attributes["http.route"]
    assert roots[0].name.endswith(roots[0].attributes["http.route"])
    assert all(span.parent in ids for span in trace if span.parent)
    assert len({span.process for span in trace}) >= 3
    told = [span for span in trace if "db.system.name" not in span.attributes]
    assert len(told) >= 4
    [sent, *_] = [span for span in told if span.name.startswith("send ")]
    assert any(span.parent == sent.id and span.service == "plg-worker" for span in told)
    assert any(span.name == "store events" and span.service == "plg-events" for span in told)


def test_no_byte_holds_what_was_mailed_or_who_was(drawn):
    stack, collector = drawn
    secrets = mailed.secrets(stack.state.path)
    assert len(secrets) > 2
    assert len(collector.spans()) > 50
    sent = b"\n".join(collector.bodies)
    assert not [secret for secret in secrets if secret.encode() in sent]
    texts = [
        text
        for span in collector.spans()
        for text in (span.name, *map(str, span.attributes.values()))
    ]
    assert not [text for text in texts if "@" in text or "?" in text or "/" in text]
    assert stack.env["SECRET_KEY"].encode() not in sent


def test_the_collector_is_told_who_we_are_in_a_header(drawn):
    _, collector = drawn
    assert {each["authorization"] for each in collector.headers} == {"Bearer of-the-collector"}


def test_lines_of_the_log_name_the_trace(drawn):
    stack, collector = drawn
    known = {span.trace for span in collector.spans()}
    lines = [line.split(maxsplit=3) for line in stack.state.log_path.read_text().splitlines()]
    said = [json.loads(line[3]) for line in lines if len(line) == 4 and line[3].startswith("{")]
    for event in ("request", "task"):
        named = [line["trace_id"] for line in said if line["event"] == event]
        assert named, f"no line of a {event}"
        assert {*named} & known


def test_only_a_declared_proxy_says_which_trace_it_is_and_whether_it_is_drawn(drawn):
    stack, collector = drawn
    unseen, theirs = THEIRS.replace("0af", "bad"), THEIRS
    for flags in ("00", "01"):
        ask(
            stack,
            "/login/",
            source="127.0.0.1",
            traceparent=f"00-{unseen}-b7ad6b7169203331-{flags}",
        )
    ask(stack, "/login/", source=PROXY, traceparent=f"00-{theirs}-b7ad6b7169203331-03")
    [span, *_] = collector.wait_for(
        lambda spans: [each for each in spans if each.trace == theirs and each.service == "plg-web"]
    )
    assert by_trace(collector.spans())[theirs]
    assert unseen not in by_trace(collector.spans())
    assert span.attributes["http.response.status_code"] == 200


def test_an_event_keeps_which_trace_it_belongs_to(drawn):
    stack, collector = drawn
    with psycopg.connect(stack.env["EVENTS_DATABASE_URL"]) as connection:
        rows = connection.execute(
            "SELECT DISTINCT context->>'traceparent' FROM event WHERE context ? 'traceparent'"
        ).fetchall()
    known = {span.trace for span in collector.spans()}
    assert rows
    assert {row[0].split("-")[1] for row in rows} & known


def test_a_collector_that_hangs_keeps_nobody(drawn):
    stack, collector = drawn
    collector.hangs.set()
    began = time.monotonic()
    while time.monotonic() - began < 4:
        asked = time.monotonic()
        assert ask(stack, "/login/", source="127.0.0.1") == 200
        assert time.monotonic() - asked < 2
    away = [line for line in stack.state.log_path.read_text().splitlines() if "traces_coll" in line]
    pids = [line.split('"pid":')[1].split(",")[0] for line in away]
    assert len(pids) == len({*pids}), "a process says it once"
    began = time.monotonic()
    stack.supervisor.restart("web")
    stack.supervisor.wait_until_ready("web")
    assert time.monotonic() - began < 30
