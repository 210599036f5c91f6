"""What a line of the log holds, and what it never does."""

from __future__ import annotations

import json
import logging
import math
import re
import warnings
from uuid import UUID

import pytest
import structlog
from django.test import RequestFactory

from plg_site import logs
from plg_site.logs import configuring, redaction, requests

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
TOKEN = "Zx81kQpLr0uVb3Tn6YwEa9Sd"
SECRETS = [
    "ada@example.com",
    "https://plg.localhost/invitation/?token=abcdef",
    "/x/?next=%2Fy",
    f"/reset/{TOKEN}/",
    "eyJhbGciOiJIUzI1NiIsInR5cCI6:1vXyzAb:q3R8mZ0pLkTnWvYxQeUaSd",
    "postgres://app:hunter2@db/app",
    "sk_live_51H8abcdefgh",
    "whsec_0123456789abcdef",
    "authorization: Bearer abc.def",
    "Set-Cookie: sessionid=abcdef",
    "code=493021",
    "a" * 64,
]


class Caught(logging.Handler):
    """What a handler with our formatter would have written."""

    def __init__(self, form: str, *, shows_codes: bool = False) -> None:
        super().__init__()
        self.setFormatter(configuring.formatter(form, shows_codes))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    @property
    def last(self) -> dict[str, object]:
        assert "\n" not in self.lines[-1]
        return json.loads(self.lines[-1], parse_constant=pytest.fail)


@pytest.fixture
def caught():
    handler, root = Caught(logs.JSON), logging.getLogger()
    root.addHandler(handler)
    level = root.level
    root.setLevel(logging.INFO)  # `prepare` makes it quieter for the rest of its process
    structlog.contextvars.clear_contextvars()
    yield handler
    structlog.contextvars.clear_contextvars()
    root.setLevel(level)
    root.removeHandler(handler)


def log(name="any"):
    return structlog.get_logger(name)


def test_a_line_says_when_what_and_who(caught):
    log().warning("pool_low", ready=3)
    line = caught.last
    assert TIME.fullmatch(line["time"])
    assert (line["level"], line["event"], line["ready"]) == ("warning", "pool_low", 3)
    assert line["role"]
    assert line["pid"] > 1


def test_what_is_bound_stands_in_lines_of_libraries_too(caught):
    structlog.contextvars.bind_contextvars(request_id="req-12345")
    logging.getLogger("some.library").warning("It is %s", "late")
    assert caught.last["request_id"] == "req-12345"
    assert caught.last["event"] == "It is late"
    assert caught.last["logger"] == "some.library"


def test_a_traceback_is_data_without_the_values_of_variables(caught):
    password = "hunter2-in-a-variable"
    try:
        int(f"not {len(password)}")
    except ValueError:
        log().exception("broken")
    line = caught.last
    assert line["exception"][0]["exc_type"] == "ValueError"
    frame = line["exception"][0]["frames"][-1]
    assert frame["name"] == "test_a_traceback_is_data_without_the_values_of_variables"
    assert frame["lineno"] > 1
    assert "hunter2" not in caught.lines[-1]


def test_a_warning_of_python_is_a_line_as_well(caught):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)  # what the formatter did, pytest has taken back since
        logging.captureWarnings(True)
        try:
            warnings.warn("It is\nold", DeprecationWarning, stacklevel=1)
        finally:
            logging.captureWarnings(False)
    assert caught.last["logger"] == "py.warnings"
    assert "old" in str(caught.last["event"])


def test_numbers_that_json_has_not_are_null(caught):
    log().info("measured", share=math.nan, most=math.inf, some=[math.nan])
    assert caught.last["share"] is None
    assert caught.last["most"] is None
    assert caught.last["some"] == [None]


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_stands_in_a_line_wherever_it_comes_from(caught, secret):
    log().warning("said", what=secret, deep={"in": [f"before {secret} after"]})
    log().warning(f"in words: {secret}")
    logging.getLogger("celery.worker").error("Got %s", secret, extra={"data": {"args": secret}})
    try:
        raise RuntimeError(f"Key (email)=({secret}) exists")
    except RuntimeError:
        log().exception("broken")
    drawn = secret.rpartition("=")[2].rpartition(" ")[2].strip("/")
    for line in caught.lines:
        assert secret not in line
        assert drawn not in line


@pytest.mark.parametrize(
    "name", ["password", "token", "session_key", "cookie", "email", "to", "code"]
)
def test_the_value_of_a_telling_name_is_never_written(caught, name):
    log().info("said", **{name: "innocent"})
    assert caught.last[name] == redaction.GONE
    log().info("said", **{name: 493021})
    assert "493021" not in caught.lines[-1] or name not in {"code", "password"}


def test_what_is_no_secret_stays(caught):
    said = {
        "id": UUID(int=7), "schema": "w_acme", "path": "/blog/a-long-name-of-an-article-2026/",
        "module": "tenants.signing_up.provisioning", "status_code": 500, "sessions": 4,
    }  # fmt: skip
    log().info("said", **said)
    assert {name: caught.last[name] for name in said} == said | {"id": str(UUID(int=7))}


def test_djangos_line_of_a_failed_request_names_the_route_and_not_the_address(caught, client_for):
    client = client_for(None)
    logger = logging.getLogger("django.request")
    request = RequestFactory().get(f"/reset/{TOKEN}/?token=abc")
    request.resolver_match = client.get("/healthz").resolver_match
    logger.error(
        "Internal Server Error: %s",
        request.path,
        extra={"request": request, "status_code": 500},
    )
    line = caught.last
    assert TOKEN not in caught.lines[-1]
    assert line["event"] == "Internal Server Error: …"
    assert (line["method"], line["status"]) == ("GET", 500)
    assert "health" in line["route"]


def test_a_long_text_is_cut(caught):
    log().info("said", what="word " * 5_000)
    assert len(caught.lines[-1]) < redaction.LONGEST + 500


def test_only_a_development_stack_shows_its_codes(caught):
    shows, not_json, not_there = (
        Caught(logs.LINE, shows_codes=True),
        Caught(logs.JSON, shows_codes=True),
        Caught(logs.LINE),
    )
    root = logging.getLogger()
    for handler in (shows, not_json, not_there):
        root.addHandler(handler)
    try:
        log("outbox").info("mail", to="ada@example.com", code="493021")
    finally:
        for handler in (shows, not_json, not_there):
            root.removeHandler(handler)
    assert "493021" in shows.lines[-1]
    assert "493021" not in not_json.lines[-1]
    assert "493021" not in not_there.lines[-1]


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("no address", ""),
        ("", ""),
    ],
)
def test_an_address_is_cut_to_its_network(address, shown):
    assert requests.cut(address) == shown


def test_the_line_of_a_request(caught):
    requests.write(
        route="tenants:home", method="BREW", status=200, seconds=0.01234, size=99,
        workspace="w", client="203.0.113.77", request_id="req-12345", trace_id="0af7",
    )  # fmt: skip
    line = caught.last
    assert {key: line[key] for key in ("event", "route", "method", "status", "ms", "bytes")} == {
        "event": "request", "route": "tenants:home", "method": "other", "status": 200,
        "ms": 12.3, "bytes": 99,
    }  # fmt: skip
    assert (line["tenant"], line["client"]) == ("w", "203.0.113.0/24")
    assert (line["request_id"], line["trace_id"], line["level"]) == ("req-12345", "0af7", "info")
    assert TIME.fullmatch(line["time"])


@pytest.mark.parametrize(
    ("command", "role"),
    [
        (["/x/gunicorn/__main__.py", "plg_site.wsgi"], "web"),
        (["/venv/bin/gunicorn", "plg_site.wsgi"], "web"),
        (["/x/celery/__main__.py", "-A", "plg_site", "worker"], "worker"),
        (["celery", "-A", "plg_site.schedule", "beat"], "beat"),
        (["manage.py", "consume_events", "--readers"], "events"),
        (["/x/manage.py", "run_outbound"], "outbound"),
        (["/x/manage.py", "run_readers"], "readers"),
        (["/x/manage.py", "doctor"], "doctor"),
        (["/x/plg_site/together.py"], "background"),
        (["/x/plg_site/live/__main__.py", "--port", "1"], "live"),
        ([], "python"),
    ],
)
def test_a_process_knows_its_role(command, role):
    from plg_site.logs import role as roles

    assert roles.__globals__["of"](command) == role
