"""Traces that are off cost nothing: what draws them is installed here, and nobody loads it."""

from __future__ import annotations

import contextlib
import http.client
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from events import context
from events.recording import calls
from plg_site import roles
from tests.events.consuming.test_whose import PAGE
from tests.plg_site.proxies import ROOT, free_port

WATCHED = Path(__file__).with_name("watched")
EXPORTER = "http://127.0.0.1:9"


@contextlib.contextmanager
def running(role: str, folder: Path, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    env = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "STATE_DIR": str(folder),
        "PYTHONPATH": f"{WATCHED}:{ROOT}", "WATCHED": str(folder / "watched"), "WEB_WORKERS": "1", **more,
    }  # fmt: skip
    with (folder / f"{role}.log").open("wb") as out:
        process = subprocess.Popen(
            roles.command(role, env=env), cwd=ROOT, env=env, stdout=out, stderr=out
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)


def until(holds, *, seconds: float = 90):
    end = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end
        time.sleep(0.2)
    return found


def answered(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/nothing-here/", headers={"Host": "plg.localhost"})
        return connection.getresponse().status == 404
    except OSError:
        return False
    finally:
        connection.close()


def works(role: str, folder: Path, **more: str) -> None:
    """Run it until it does what it is there for."""
    port = free_port()
    with running(role, folder, WEB_BIND=f"127.0.0.1:{port}", **more) as process:
        if role == "web":
            until(lambda: answered(port))
        else:
            until(lambda: list((folder / "alive").glob(f"{role}.*.{process.pid}")))


@pytest.mark.thorough
@pytest.mark.usefixtures("django_db_setup")
@pytest.mark.parametrize("role", ["web", "worker", "events"])
def test_a_process_loads_nothing_of_opentelemetry(role, tmp_path):
    works(role, tmp_path)
    lines = (tmp_path / "watched").read_text().splitlines()
    assert lines, "nobody watched"
    assert not [line for line in lines if line.split()[1] != "-"]


@pytest.mark.thorough
@pytest.mark.usefixtures("django_db_setup")
def test_who_watches_sees_it_where_traces_are_on(tmp_path):
    works("events", tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=EXPORTER)
    assert "opentelemetry.sdk" in (tmp_path / "watched").read_text()


def test_an_event_is_no_longer_and_takes_nobodys_word_for_its_trace():
    with calls.batch(), context.of_request(request_id="12345678"):
        calls.record("Page Viewed", properties=PAGE, context={"traceparent": "00-made-up"})
        [line] = calls.unsent()
    assert b"traceparent" not in line
