"""Every line that the processes say during a whole journey: JSON, complete, and without a secret."""

from __future__ import annotations

import http.client
import json
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from events.metrics import machine
from plg_site.devstack import ports
from plg_site.devstack.programs import without_made_up, without_services
from plg_site.devstack.stack import Stack
from tests.stack import mailed

pytestmark = [pytest.mark.stack, pytest.mark.thorough]

OURS = {"web", "background", "worker", "events", "outbound", "beat", "live"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture(scope="module")
def saying() -> Iterator[Stack]:
    """A stack of its own, as in production: JSON, a line for each request, and numbers."""
    import os

    environ = without_services(without_made_up(os.environ))
    environ |= {
        "LOG_FORMAT": "json", "METRICS_PORT": str(ports.find_free()), "SIGNUP_FORM_SECONDS": "0",
        "DATABASE_WAIT": "60",
    }  # fmt: skip
    folder = Path(tempfile.mkdtemp(prefix="plg-"))
    with Stack(folder, throw_away=True, apart=True, environ=environ).start() as stack:
        done = stack.manage("walk", "--site", stack.site_url, timeout=600)
        assert done.returncode == 0, done.stdout + done.stderr
        yield stack
    for table in machine.folder().glob(f"plg-metrics-*-{environ['METRICS_PORT']}"):
        table.unlink()


def lines_of(stack: Stack) -> list[str]:
    """What processes of ours have said, without the supervisor's day, time and name."""
    split = (line.split(maxsplit=3) for line in stack.state.log_path.read_text().splitlines())
    return [parts[3] for parts in split if len(parts) == 4 and parts[2] in OURS]


def parsed(stack: Stack) -> list[dict[str, Any]]:
    return [json.loads(line, parse_constant=pytest.fail) for line in lines_of(stack)]


def wait_for(condition: Any) -> Any:
    until = time.monotonic() + 90
    while not (found := condition()):
        assert time.monotonic() < until
        time.sleep(0.2)
    return found


def test_every_line_has_its_time_level_event_and_process(saying):
    lines = parsed(saying)
    assert len(lines) > 50
    for line in lines:
        assert TIME.fullmatch(line["time"]), line
        assert line["level"] in {"debug", "info", "warning", "error", "critical"}
        assert line["event"]
        assert line["role"] in OURS
        assert line["pid"] > 1
    requests = [line for line in lines if line["event"] == "request"]
    for line in requests:
        assert {"route", "method", "status", "ms", "bytes", "request_id"} <= line.keys()
    assert any("tenant" in line for line in requests)


def test_no_line_holds_what_was_mailed_or_who_was(saying):
    secrets = mailed.secrets(saying.state.path)
    assert len(secrets) > 2
    ours = "\n".join(lines_of(saying))
    assert not [secret for secret in secrets if secret in ours]
    assert "?" not in "".join(re.findall(r'"[^"]*/[^"]*\?[^"\]]*"', ours)).replace(
        "?[redacted]", ""
    )
    assert "@" not in ours.replace("[redacted]@", "")


def test_a_task_says_which_request_it_comes_from(saying):
    def both() -> Any:
        lines = parsed(saying)
        asked = {line["request_id"] for line in lines if line["event"] == "request"}
        return [
            line for line in lines if line["event"] == "task" and line.get("request_id") in asked
        ]

    [first, *_] = wait_for(both)
    assert {"task", "task_id", "outcome", "ms"} <= first.keys()
    assert wait_for(lambda: [each for each in parsed(saying) if each["event"] == "events_batch"])


def test_one_port_tells_of_all_processes(saying):
    port = int(saying.env["METRICS_PORT"])

    def ask() -> dict[str, float]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        found: dict[str, float] = {}
        for family in text_string_to_metric_families(text):
            for each in family.samples:
                found[each.name] = found.get(each.name, 0) + each.value
        return found

    found = wait_for(lambda: (told := ask()) and told.get("plg_events_stored_total") and told)
    assert found["plg_http_requests_total"] > 20
    assert found["plg_tasks_total"] > 0
    assert found["plg_db_taken_total"] > 0
    assert found["plg_question_failed"] == 0
    assert len(found) < 1_500
