"""Every refusal of the API is problem+json, with words."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import connection
from django_tenants.utils import tenant_context

from product.models import Link
from tenants.keys import api_keys
from tenants.models import ApiKey

TARGET = "https://example.com/long"


def is_problem(response, status: int) -> dict[str, object]:
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["type"]
    return body


def test_a_call_without_a_key_is_told_how_to_send_one(api):
    response = api.get("/links", key="")
    assert "Authorization: Bearer" in str(is_problem(response, 401)["detail"])
    assert response["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("key", ["nope", "sk_" + "x" * 43, "sk_\u00e4", "a b c"])
def test_a_wrong_key_is_refused(api, key):
    response = api.get("/links", key=key)
    is_problem(response, 401)
    assert 'error="invalid_token"' in response["WWW-Authenticate"]


def test_a_revoked_key_is_refused(api, people, acme):
    assert api.get("/links").status_code == 200
    api_keys.revoke(ApiKey.objects.for_tenant(acme).latest("created_at"), user=people.acme_owner)
    is_problem(api.get("/links"), 401)


def test_a_key_of_another_workspace_is_refused(api, people, globex):
    _, theirs = api_keys.create(globex, name="theirs", user=people.globex_owner)
    is_problem(api.get("/links", key=theirs), 401)


def test_another_workspaces_link_and_file_do_not_exist_here(
    api, make_link, make_file, globex, people
):
    link = make_link(globex, by=people.globex_owner)
    file = make_file(tenant=globex)
    is_problem(api.get(f"/links/{link.id}"), 404)
    is_problem(api.patch(f"/links/{link.id}", {"title": "mine"}), 404)
    is_problem(api.delete(f"/links/{link.id}"), 404)
    is_problem(api.delete(f"/files/{file.id}"), 404)
    body = is_problem(api.post("/links", {"file_id": str(file.id)}), 422)
    assert body["errors"] == [{"field": "file_id", "message": "This workspace has no such file."}]


@pytest.mark.parametrize(
    "path", ["/nothing", "/links/", "/links/not-an-id", f"/links/{uuid4()}", "/"]
)
def test_an_unknown_address_is_a_404(api, path):
    is_problem(api.get(path), 404)


@pytest.mark.parametrize(
    ("method", "path"), [("put", "/links"), ("delete", "/links"), ("post", "/usage")]
)
def test_a_wrong_method_is_a_405_that_names_the_right_ones(api, method, path):
    response = getattr(api, method)(path)
    is_problem(response, 405)
    assert "GET" in response["Allow"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("{", "body"),
        ("", "body"),
        ("[]", "body"),
        ('"text"', "body"),
        ({}, "body"),
        ({"target_url": 5}, "target_url"),
        ({"target_url": "javascript:alert(1)"}, "target_url"),
        ({"target_url": "https://e.example/" + "x" * 2048}, "target_url"),
        ({"target_url": TARGET, "code": "a"}, "code"),
        ({"target_url": TARGET, "code": "links"}, "code"),
        ({"target_url": TARGET, "title": "x" * 121}, "title"),
        ({"target_url": TARGET, "titel": "a typing mistake"}, "titel"),
        ({"target_url": TARGET, "title": "a\u0000b"}, "title"),
        ('{"target_url": "https://e.example/", "title": "\\ud800"}', "title"),
        ({"file_id": "nonsense"}, "file_id"),
        ({"target_url": TARGET, "file_id": str(uuid4())}, "body"),
    ],
)
def test_a_malformed_body_is_a_422_that_lists_the_fields(api, in_acme, body, field):
    with in_acme():
        before = Link.objects.count()
    problem = is_problem(api.post("/links", body), 422)
    assert field in [error["field"] for error in problem["errors"]]
    assert all(error["message"] for error in problem["errors"])
    assert field in str(problem["detail"])
    with in_acme():
        assert Link.objects.count() == before


@pytest.mark.parametrize(
    ("query", "field"), [("limit=0", "limit"), ("limit=x", "limit"), ("cursor=x", "cursor")]
)
def test_a_malformed_query_is_a_422(api, query, field):
    problem = is_problem(api.get(f"/links?{query}"), 422)
    assert problem["errors"][0]["field"] == field


def test_a_body_that_is_too_large_is_a_413(api, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    is_problem(api.post("/links", {"target_url": TARGET, "title": "x" * 2_000}), 413)


def test_a_code_in_use_is_a_409(api, make_link):
    make_link(code="taken")
    assert "taken" in str(
        is_problem(api.post("/links", {"target_url": TARGET, "code": "taken"}), 409)["detail"]
    )


def test_at_the_limit_the_answer_names_meter_limit_and_the_way_on(
    api, leave, acme, visitor, make_link
):
    make_link(code="exists")
    leave(links=0, api_calls=100)
    problem = is_problem(api.post("/links", {"target_url": TARGET}), 402)
    assert problem["meter"] == "links"
    assert isinstance(problem["limit"], int)
    assert str(problem["upgrade_url"]).endswith("/billing/")
    assert acme.slug in str(problem["upgrade_url"])
    assert api.get("/links").status_code == 200
    assert visitor.get("/exists").status_code == 302


def test_a_file_that_does_not_fit_is_a_402_that_names_storage(api, leave):
    from tests.product.test_api import upload

    leave(storage=10, api_calls=100)
    problem = is_problem(api.post("/files", **upload(b"x" * 11)), 402)
    assert problem["meter"] == "storage"


def test_without_api_calls_left_every_call_is_a_402_and_none_is_counted(api, leave, used):
    leave(api_calls=1)
    assert api.get("/links").status_code == 200
    before = used("api_calls")
    problem = is_problem(api.get("/links"), 402)
    assert problem["meter"] == "api_calls"
    assert problem["resets_at"]
    assert used("api_calls") == before


def test_an_error_of_ours_is_a_500_without_details(api, acme):
    with tenant_context(acme), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE product_link RENAME COLUMN title TO lost")
    problem = is_problem(api.post("/links", {"target_url": TARGET}), 500)
    assert "lost" not in str(problem)
    assert "title" not in problem["detail"]
