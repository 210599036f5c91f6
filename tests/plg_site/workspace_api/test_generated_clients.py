"""Two programs that know nothing but our OpenAPI document call every operation, over real HTTP.

openapi-python-client writes Python from it; aiopenapi3 makes a client of it while it runs, and
checks every answer against it.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from types import ModuleType
from urllib.parse import urlsplit

import httpx
import httpx2
import pytest
from aiopenapi3 import OpenAPI
from uuid_utils.compat import uuid7

from metering.definitions.catalogue import meters
from tests.plg_site.live_api import HOST

OPERATIONS = {
    *("list_links", "create_link", "get_link", "change_link", "delete_link"),
    *("list_files", "upload_file", "delete_file", "send_events"),
    *("list_usage", "read_usage", "list_alerts", "set_alerts", "read_spend_limit"),
    *("set_spend_limit", "list_meters", "get_meter", "query_meter", "query_meter_by_post"),
}


@pytest.fixture
def document(endpoint) -> str:
    """As anybody gets it, without a key."""
    answer = httpx.get(f"{endpoint}/api/v1/openapi.json", headers=HOST)
    assert answer.status_code == 200
    return answer.text


def test_these_are_all_operations_that_there_are(document):
    paths = json.loads(document)["paths"]
    assert {each["operationId"] for path in paths.values() for each in path.values()} == OPERATIONS


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("generated")


@pytest.fixture
def written(document, folder, monkeypatch) -> ModuleType:
    """The package that openapi-python-client writes."""
    if not (folder / "signpost").exists():
        (folder / "openapi.json").write_text(document)
        command = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none"]
        paths = ["--path", str(folder / "openapi.json"), "--output-path", str(folder / "signpost")]
        (folder / "config.yaml").write_text("post_hooks: []\n")
        made = subprocess.run(
            [*command, *paths, "--config", str(folder / "config.yaml"), "--fail-on-warning"],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert made.returncode == 0, made.stdout + made.stderr
    monkeypatch.syspath_prepend(str(folder))
    return importlib.import_module("signpost")


class Written:
    """Calls operations of the written package by their names."""

    def __init__(self, package: ModuleType, endpoint: str, token: str) -> None:
        self.client = package.AuthenticatedClient(endpoint, token, headers=dict(HOST))
        self.tags = ("links", "files", "events", "usage", "meters")
        self.called: set[str] = set()

    def module(self, name: str) -> ModuleType:
        for tag in self.tags:
            if importlib.util.find_spec(f"signpost.api.{tag}.{name}"):
                return importlib.import_module(f"signpost.api.{tag}.{name}")
        raise LookupError(name)

    def __call__(self, name: str, *args: object, **kwargs: object):
        self.called.add(name)
        answer = self.module(name).sync_detailed(*args, client=self.client, **kwargs)
        assert answer.status_code < 300, answer.content
        return answer.parsed


def test_written_python_calls_every_operation_and_reads_what_it_wrote(
    written, endpoint, token, log
):
    from signpost import models
    from signpost.types import File

    call = Written(written, endpoint, token)
    code = f"written-{uuid7().hex[-8:]}"
    made = call("create_link", body=models.LinkIn(target_url="https://example.com/a", code=code))
    assert call("get_link", made.id).code == code
    call("change_link", made.id, body=models.LinkChange(title="Poster"))
    assert [each.title for each in call("list_links").items if each.id == made.id] == ["Poster"]
    call("delete_link", made.id)
    gone = call.module("get_link").sync_detailed(made.id, client=call.client)
    assert (gone.status_code, gone.parsed.detail[:8]) == (404, "There is")
    content = File(payload=io.BytesIO(b"abc"), file_name="a.txt")
    body = models.UploadFileFileParams(file=content)
    stored = call("upload_file", body=body)
    assert [each.size for each in call("list_files").items if each.id == stored.id] == [3]
    call("delete_file", stored.id)
    _events_and_meters_as_written(call, models)
    _limits_as_written(call, models)
    assert call.called == OPERATIONS


def _events_and_meters_as_written(call: Written, models: ModuleType) -> None:
    now = datetime.now(UTC)
    event = {
        "specversion": "1.0",
        "id": str(uuid7()),
        "source": "/written",
        "type": "Conversion Reported",
        "data": {"currency": "EUR"},
    }
    call("send_events", body=models.CloudEvent.from_dict(event))
    more = [models.CloudEvent.from_dict({**event, "id": str(uuid7())}) for _ in range(2)]
    call("send_events", body=more)
    wrong = models.CloudEvent.from_dict({**event, "id": str(uuid7()), "data": {"currency": 1}})
    refused = call.module("send_events").sync_detailed(client=call.client, body=[more[0], wrong])
    assert (refused.status_code, refused.parsed.refused, refused.parsed.accepted) == (422, 1, 1)
    assert refused.parsed.events[1].reason == "wrong_property"
    assert {each.id for each in call("list_meters")} == set(meters())
    assert call("get_meter", "clicks").aggregation == "COUNT"
    since = now - timedelta(days=1)
    answer = call("query_meter", "clicks", from_=since, window_size=models.QueryMeterWindowSize.DAY)
    assert answer.from_ == since.replace(tzinfo=UTC)
    asked = {"from": since.isoformat(), "groupBy": ["currency"]}
    body = models.QueryMeterByPostAsked.from_dict(asked)
    assert call("query_meter_by_post", "conversions", body=body).from_ == since


def _limits_as_written(call: Written, models: ModuleType) -> None:
    assert {each.meter for each in call("list_usage")} == set(meters())
    assert call("read_usage", "clicks").meter == "clicks"
    before = call("list_alerts")
    alerts = [models.AlertIn(meter="clicks", percent=70)]
    assert [each.percent for each in call("set_alerts", body=alerts)] == [70]
    back = [models.AlertIn(each.meter, each.percent, each.amount) for each in before]
    call("set_alerts", body=back)
    wanted = models.SpendLimitIn.from_dict({"amount": 5000, "caps": {"clicks": 9}})
    call("set_spend_limit", body=wanted)
    found = call("read_spend_limit")
    assert (found.amount, found.caps.to_dict()) == (5000, {"clicks": 9})
    call("set_spend_limit", body=models.SpendLimitIn(amount=None))


@pytest.fixture
def made(document, endpoint, token):
    """aiopenapi3's client: it calls by operation ids, and raises for an answer that is not as said."""
    port = urlsplit(endpoint).port

    class Here(httpx2.HTTPTransport):
        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            there = request.url.copy_with(host="127.0.0.1", port=port)
            sent = httpx2.Request(
                request.method, there, headers=request.headers, stream=request.stream
            )
            return super().handle_request(sent)

    def session(*args: object, **kwargs: object) -> httpx2.Client:
        return httpx2.Client(transport=Here())

    session.__annotations__["return"] = httpx2.Client  # it asks
    api = OpenAPI.loads(f"http://{HOST['Host']}/openapi.json", document, session_factory=session)
    api.authenticate(WorkspaceKey=token)
    return api


def test_a_client_made_of_the_document_calls_every_operation(made, log):
    called: set[str] = set()

    def call(name: str, body=None, **parameters):
        called.add(name)
        operation = getattr(made._, name)
        return operation(parameters=parameters or None, data=body)

    code = f"made-{uuid7().hex[-8:]}"
    link = call("create_link", {"target_url": "https://example.com/b", "code": code})
    assert call("get_link", link_id=link.id).code == code
    call("change_link", {"title": "Flyer"}, link_id=link.id)
    assert [x.title for x in call("list_links").items if x.id == link.id] == ["Flyer"]
    call("delete_link", link_id=link.id)
    stored = call("upload_file", [("file", ("a.txt", io.BytesIO(b"abcd"), "text/plain"))])
    assert [x.size for x in call("list_files").items if x.id == stored.id] == [4]
    call("delete_file", file_id=stored.id)
    event = {"specversion": "1.0", "id": str(uuid7()), "source": "/made"}
    call("send_events", {**event, "type": "Conversion Reported", "data": {}})
    assert {x.id for x in call("list_meters")} == set(meters())
    assert call("get_meter", meter="storage").unit == "bytes"
    since = "2026-11-01T00:00:00Z"
    answer = call("query_meter", **{"meter": "clicks", "from": since})
    assert answer.model_dump(by_alias=True, mode="json")["from"] == since
    answer = call("query_meter_by_post", {"from": since}, meter="clicks")
    assert answer.model_dump(by_alias=True, mode="json")["from"] == since
    assert {x.meter for x in call("list_usage")} == set(meters())
    assert call("read_usage", meter="clicks").meter == "clicks"
    before = [
        {"meter": x.meter, "percent": x.percent, "amount": x.amount} for x in call("list_alerts")
    ]
    assert [x.percent for x in call("set_alerts", [{"meter": "clicks", "percent": 60}])] == [60]
    call("set_alerts", before)
    assert call("set_spend_limit", {"amount": 700}).amount == 700
    assert call("read_spend_limit").amount == 700
    call("set_spend_limit", {"amount": None})
    assert called == OPERATIONS
