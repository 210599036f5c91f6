"""The workspace's API with a key, by its OpenAPI document (schemathesis): no 500, and no answer that
the document does not know."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import requests
import schemathesis
from django.db import transaction
from hypothesis import HealthCheck, Phase
from hypothesis import settings as bounds
from requests.adapters import HTTPAdapter
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks
from urllib3 import HTTPResponse

from plg_site.workspace_api.api import api
from tenants.keys import api_keys

DOCUMENT = json.loads(json.dumps(api.get_openapi_schema()))
DOCUMENT["servers"] = [{"url": "http://acme.test"}]
schema = schemathesis.openapi.from_dict(DOCUMENT)
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
_OF_A_REQUEST = {"method", "url", "headers", "files", "data", "params", "json", "cookies"}


@pytest.fixture
def program(client_for, people, acme):
    """acme's API, asked with a key."""
    client = client_for(None, acme)
    _, client.key = api_keys.create(acme, name="fuzz", user=people.acme_owner)
    return client


def ask(program, case) -> requests.Response:
    """Send it through the whole stack; what it writes is taken back."""
    said = case.as_transport_kwargs(base_url="http://acme.test")
    said["headers"] = {**said.get("headers", {}), "Authorization": f"Bearer {program.key}"}
    wanted = {key: value for key, value in said.items() if key in _OF_A_REQUEST}
    sent = requests.Request(**wanted).prepare()
    parts = urlsplit(sent.url)
    body = sent.body.encode() if isinstance(sent.body, str) else (sent.body or b"")
    headers = {key: _text(value) for key, value in sent.headers.items() if key.lower() != "host"}
    with transaction.atomic():
        found = program.generic(
            sent.method,
            f"{parts.path}?{parts.query}" if parts.query else parts.path,
            body,
            content_type=headers.get("Content-Type", ""),
            headers=headers,
        )
        content = b"".join(found.streaming_content) if found.streaming else found.content
        transaction.set_rollback(True)
    return _as_answer(sent, found, content)


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _as_answer(sent: requests.PreparedRequest, found, content: bytes) -> requests.Response:
    raw = HTTPResponse(
        io.BytesIO(content), headers=dict(found.items()), status=found.status_code,
        preload_content=False,
    )  # fmt: skip
    answer = HTTPAdapter().build_response(sent, raw)
    answer.elapsed = timedelta(milliseconds=1)
    return answer


@pytest.mark.thorough
@schema.parametrize()
@bounds(
    max_examples=12,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_operation_answers_as_its_document_says(case, program):
    case.validate_response(ask(program, case), checks=CHECKS)
