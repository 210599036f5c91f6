"""The web process as it is shipped: its lines, and its numbers over workers that come and go."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from events.metrics import machine
from events.metrics.table import SIZE
from tests.plg_site.proxies import ROOT, free_port

SITE = "plg.localhost"
TOKEN = "Zx81kQpLr0uVb3Tn6YwEa9Sd"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class Web:
    """A real gunicorn with two workers, on the databases of the tests."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.port, self.metrics_port = free_port(), free_port()
        self.said = folder / "said"
        env = {
            **os.environ, **environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "LOG_FORMAT": "json",
            "WEB_BIND": f"127.0.0.1:{self.port}", "WEB_WORKERS": "2", "WEB_THREADS": "4",
            "METRICS_PORT": str(self.metrics_port), "STATE_DIR": str(folder), "PYTHONPATH": str(ROOT),
            "WEB_LOG_LEVEL": "info",
        }  # fmt: skip
        command = [
            sys.executable, "-m", "gunicorn", "plg_site.wsgi", "-c", "deploy/gunicorn.conf.py"
        ]  # fmt: skip
        self._out = self.said.open("wb")
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=self._out, stderr=self._out
        )

    def ask(self, path: str, *, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, headers={"Host": SITE, **named})
            answer = connection.getresponse()
            answer.body = answer.read()  # type: ignore[attr-defined]
            return answer
        finally:
            connection.close()

    def wait(self) -> None:
        until = time.monotonic() + 90
        while True:
            try:
                if self.ask("/healthz").status == 200:
                    return
            except OSError:
                pass
            if time.monotonic() > until or self.process.poll() is not None:
                pytest.fail(self.said.read_text()[-4000:])
            time.sleep(0.2)

    def numbers(self) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        until = time.monotonic() + 60
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", self.metrics_port, timeout=30)
            try:
                connection.request("GET", "/metrics")
                text = connection.getresponse().read().decode()
                break
            except (OSError, http.client.HTTPException):
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)  # the worker that answered has just ended
            finally:
                connection.close()
        return {
            (each.name, frozenset(each.labels.items())): each.value
            for family in text_string_to_metric_families(text)
            for each in family.samples
        }

    def number(self, name: str, **labels: str) -> float:
        return self.numbers().get((name, frozenset(labels.items())), 0.0)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.said.read_text().splitlines()]

    def line_of(self, request_id: str) -> dict[str, Any]:
        until = time.monotonic() + 60
        while True:
            for line in self.lines():
                if line.get("request_id") == request_id and line["event"] == "request":
                    return line
            assert time.monotonic() < until, "the request is in no line"
            time.sleep(0.1)

    def workers(self) -> list[int]:
        return [each.pid for each in psutil.Process(self.process.pid).children()]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(90)
        self._out.close()
        for table in machine.folder().glob(f"plg-metrics-*-{self.metrics_port}"):
            table.unlink()


@pytest.fixture(scope="module")
def web(django_db_setup, tmp_path_factory) -> Iterator[Web]:
    web = Web(tmp_path_factory.mktemp("web"), TRUSTED_PROXIES="127.0.0.1/32")
    try:
        web.wait()
        yield web
    finally:
        web.stop()


def test_a_request_is_one_line_and_its_answer_names_it(web):
    answer = web.ask(f"/healthz?token={TOKEN}", X_Forwarded_For="203.0.113.77")
    line = web.line_of(answer.headers["X-Request-ID"])
    assert TIME.fullmatch(line["time"])
    assert (line["route"], line["method"], line["status"]) == (
        "plg_site.operating.health.healthz", "GET", 200,
    )  # fmt: skip
    assert (line["bytes"], line["client"], line["role"]) == (2, "203.0.113.0/24", "web")
    assert line["ms"] >= 0
    assert line["pid"] in web.workers()


def test_a_declared_proxy_gives_a_request_its_id_and_trace(web):
    trace = "0af7651916cd43dd8448eb211c80319c"
    answer = web.ask(
        "/healthz", X_Request_ID="from-the-proxy-1", traceparent=f"00-{trace}-00f067aa0ba902b7-03"
    )
    assert answer.headers["X-Request-ID"] == "from-the-proxy-1"
    assert web.line_of("from-the-proxy-1")["trace_id"] == trace


@pytest.mark.parametrize("said", ["short", "x" * 65, 'quo"te-in-an-id', "with space in it"])
def test_an_id_that_cannot_be_kept_is_replaced(web, said):
    assert web.ask("/healthz", X_Request_ID=said).headers["X-Request-ID"] != said


def test_a_workspace_is_named_by_its_id_and_a_page_that_is_not_there_by_no_address(web):
    answer = web.ask(f"/{TOKEN}/?code=493021", Host=f"acme.{SITE}", Cookie="plg_session=abcdefgh")
    line = web.line_of(answer.headers["X-Request-ID"])
    assert re.fullmatch(r"[0-9a-f-]{36}", line["tenant"])
    said = web.said.read_text()
    assert not any(secret in said for secret in (TOKEN, "493021", "abcdefgh"))


def test_every_line_is_json_with_its_time_level_event_role_and_process(web):
    web.ask("/healthz")
    assert len(web.lines()) > 2
    for line in web.lines():
        assert {"time", "level", "event", "role", "pid"} <= line.keys()
        assert TIME.fullmatch(line["time"])
    assert any(line.get("logger") == "gunicorn.error" for line in web.lines())


def settled(read):
    """What it says when it says the same twice: a request is counted once its answer has left."""
    until, last = time.monotonic() + 60, read()
    while True:
        time.sleep(0.3)
        if (now := read()) == last:
            return now
        assert time.monotonic() < until
        last = now


def test_requests_are_counted_by_route_and_what_clients_make_up_is_one(web):
    def counted() -> tuple[float, int]:
        found = web.numbers()
        health = [
            value for (name, labels), value in found.items()
            if name == "plg_http_requests_total" and "healthz" in str(labels)
        ]  # fmt: skip
        return sum(health), len([key for key in found if key[0].startswith("plg_http")])

    before, series = settled(counted)
    for _ in range(20):
        web.ask("/healthz")
    assert settled(counted)[0] == before + 20
    web.ask("/no-such-page-at-all/", Host=f"acme.{SITE}")  # no host leads nowhere in a new way
    web.ask("/no-such-page-at-all/", method="BREW")
    _, series = settled(counted)
    for number in range(30):
        web.ask(f"/made-up-{number}/", method=f"M{number}")
    assert settled(counted)[1] <= series
    assert web.number("plg_http_responses_total", method="other", status="4xx") >= 1


def test_the_pool_and_all_that_apps_register_is_there(web):
    names = {name for name, _ in web.numbers()}
    assert {
        "plg_stream_waiting_events", "plg_queue_length", "plg_schema_pool_ready", "plg_health",
        "plg_db_connections_most", "plg_messages_in_hand", "plg_reader_behind_events",
    } <= names  # fmt: skip
    failed = [key for key, value in web.numbers().items() if "failed" in key[0] and value]
    assert not [key for key in failed if key[0] == "plg_question_failed"]


@pytest.mark.thorough
def test_counters_only_grow_over_restarts_of_workers(web):
    def total() -> float:
        found = web.numbers()
        return sum(value for key, value in found.items() if key[0] == "plg_http_requests_total")

    asked, last = 0, total()
    first = last
    for _ in range(8):
        victim = web.workers()[0]
        os.kill(victim, signal.SIGKILL)
        until = time.monotonic() + 60
        while victim in web.workers() or len(web.workers()) < 2:
            assert time.monotonic() < until
            time.sleep(0.05)
        web.wait()
        asked += 1
        now = total()
        assert now >= last
        last = now
    assert settled(total) >= first + asked
    [table] = machine.folder().glob(f"plg-metrics-*-{web.metrics_port}")
    assert table.stat().st_size == SIZE


def test_what_a_stranger_says_of_its_request_is_not_believed(django_db_setup, tmp_path):
    """Without declared proxies: whoever asks is a client."""
    from plg_site.web.client_address import OF_PROXIES, Trusted, settle

    said = {"HTTP_X_REQUEST_ID": "mine-12345", "HTTP_TRACEPARENT": "00-x", "HTTP_BAGGAGE": "a=b"}
    environ = {"REMOTE_ADDR": "203.0.113.7", **said}
    settle(environ, trusted=Trusted(["10.0.0.0/8"]), scheme="https")
    assert not set(OF_PROXIES) & environ.keys()
    from_proxy = {"REMOTE_ADDR": "10.0.0.7", "HTTP_X_FORWARDED_FOR": "203.0.113.7", **said}
    settle(from_proxy, trusted=Trusted(["10.0.0.0/8"]), scheme="https")
    assert said.items() <= from_proxy.items()
