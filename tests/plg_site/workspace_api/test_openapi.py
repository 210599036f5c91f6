"""The documents that other people's programs read: valid, whole, and there for whoever asks."""

from __future__ import annotations

import json

import pytest
from django.conf import settings
from openapi_spec_validator import validate

from cms.public.api import content_api
from plg_site.workspace_api.api import api
from tenants.keys import api_keys

WORKSPACE = json.loads(json.dumps(api.get_openapi_schema()))
CONTENT = json.loads(json.dumps(content_api.get_openapi_schema()))
OPERATIONS = [
    (method, path, operation)
    for path, operations in WORKSPACE["paths"].items()
    for method, operation in operations.items()
]


@pytest.mark.parametrize("document", [WORKSPACE, CONTENT], ids=["workspace", "content"])
def test_the_document_is_valid(document):
    validate(document)


def test_it_is_there_with_a_key_and_without(client_for, acme, people):
    _, secret = api_keys.create(acme, name="any", user=people.acme_owner)
    stranger = client_for(None, acme)
    with_key = {"Authorization": f"Bearer {secret}"}
    for headers in ({}, with_key, {"Authorization": "Bearer sk_wrong"}):
        answer = stranger.get("/api/v1/openapi.json", headers=headers)
        assert answer.status_code == 200
        assert answer["Access-Control-Allow-Origin"] == "*"
        document = answer.json()
        validate(document)
        assert document["paths"] == WORKSPACE["paths"]
    here = f"http://acme.{settings.APP_DOMAIN}{settings.PUBLIC_PORT_SUFFIX}"
    assert document["servers"][0]["url"] == here
    assert client_for(people.acme_member, acme).get("/api/openapi.json").json() == document


@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", ["/api/v1/openapi.json", "/api/openapi.json", "/api/docs"])
def test_another_method_is_refused_as_everywhere_in_the_api(client_for, acme, people, path, method):
    """With a key, as a program sends it; a page's protection against foreign forms is none here.

    The page with the docs is for members.
    """
    _, secret = api_keys.create(acme, name="any", user=people.acme_owner)
    who = people.acme_member if path == "/api/docs" else None
    client = client_for(who, acme, enforce_csrf_checks=True)
    answer = client.generic(method, path, headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 405
    assert answer["Content-Type"].startswith("application/problem+json")
    assert "GET" in answer["Allow"]


def test_a_key_is_a_bearer_by_the_name_that_the_standard_has():
    assert WORKSPACE["components"]["securitySchemes"]["WorkspaceKey"] == {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "API key",
        "description": "A key of this workspace, as it was shown when it was made: sk_…",
    }


def test_an_answer_has_the_names_that_the_document_says():
    answer = WORKSPACE["components"]["schemas"]["Answer"]
    assert {"from", "to", "windowSize", "data"} == set(answer["properties"])
    assert {"from", "to", "windowSize", "data"} == set(answer["required"])


@pytest.mark.parametrize("name", ["read_usage", "query_meter", "query_meter_by_post"])
def test_what_is_given_as_csv_says_so(name):
    [operation] = [each for *_, each in OPERATIONS if each["operationId"] == name]
    assert set(operation["responses"]["200"]["content"]) == {"application/json", "text/csv"}


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=str)
def test_every_operation_says_how_it_refuses(method, path, operation):
    said = operation["responses"]
    expected = {"401", "402", "403", "429", "default"}
    if "{" in path:
        expected.add("404")
    if "requestBody" in operation:
        expected |= {"400", "413", "422"}
    assert expected <= said.keys()
    for status in said.keys() - {"200", "201", "204", "207"}:
        [(kind, content)] = said[status]["content"].items()
        assert kind == "application/problem+json"
        assert content["schema"]["$ref"].endswith("Problem")


def test_every_get_of_the_api_answers_head(outside):
    gets = [path for method, path, _ in OPERATIONS if method == "get"]
    assert len(gets) > 8
    for path in [*gets, "/api/v1/openapi.json"]:
        path = path.replace("{meter}", "clicks").removeprefix("/api/v1")
        path = path.replace("{link_id}", "00000000-0000-7000-8000-000000000000")
        got = outside.get(path)
        headed = outside.client.head(
            f"/api/v1{path}", headers={"Authorization": f"Bearer {outside.key}"}
        )
        assert headed.status_code == got.status_code, path
        assert headed["Content-Type"] == got["Content-Type"]
        assert headed.content == b""
        assert int(headed["Content-Length"]) == pytest.approx(len(got.content), abs=40)
    assert outside.client.head("/api/v1/links").status_code == 401


def test_every_get_of_the_website_s_content_answers_head(client_for):
    for path in ("pages/", "openapi.json"):
        got, headed = (
            getattr(client_for(), method)(f"/api/content/{path}") for method in ("get", "head")
        )
        assert (headed.status_code, headed["Content-Type"]) == (200, got["Content-Type"])
        assert headed.content == b""


@pytest.mark.parametrize(
    "path", ["nothing/here", "usage/no%20meter", "usage/a%0Ab", "%0A", "a/%0A%C2%81/b"]
)
def test_an_address_that_no_operation_has_is_a_problem_and_no_page(client_for, acme, path):
    answer = client_for(None, acme).get(f"/api/v1/{path}")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
