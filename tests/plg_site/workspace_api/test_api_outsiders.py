"""Every operation of the API, those that are written next year too: nobody without a key gets in."""

from __future__ import annotations

import re
from uuid import UUID

import pytest

from plg_site.workspace_api.api import api
from tenants.keys import api_keys
from tenants.models import ApiKey

DOCUMENT = api.get_openapi_schema()
OPERATIONS = [
    (method, path) for path, operations in DOCUMENT["paths"].items() for method in operations
]


def call(client, method: str, path: str, key: str | None):
    concrete = re.sub(r"\{\w+\}", str(UUID(int=1)), path)
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    body = {} if method == "get" else {"data": "{}", "content_type": "application/json"}
    return getattr(client, method)(concrete, headers=headers, **body)


def test_there_are_operations_to_try():
    assert len(OPERATIONS) >= 14
    assert ("post", "/api/v1/events") in OPERATIONS


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_it_is_closed_to_everybody_without_a_key_of_the_workspace(
    client_for, people, acme, globex, outsider, method, path
):
    _, secret = api_keys.create(globex, name="theirs", user=people.globex_owner)
    _, revoked = api_keys.create(acme, name="revoked", user=people.acme_owner)
    api_keys.revoke(ApiKey.objects.for_tenant(acme).latest("created_at"), user=people.acme_owner)
    visitor = client_for(None, acme)
    for key in (None, "sk_forged", secret, revoked):
        assert call(visitor, method, path, key).status_code == 401
    for user in (outsider, people.globex_owner, people.acme_owner):
        assert call(client_for(user, acme), method, path, None).status_code == 401
    assert call(client_for(None, None), method, path, secret).status_code in (404, 405)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_it_says_in_the_documentation_what_it_does(method, path):
    operation = DOCUMENT["paths"][path][method]
    assert operation["summary"]
    assert len(operation["description"]) > 20
    assert operation["tags"]
    assert "default" in operation["responses"]


def test_each_operation_has_a_name_of_its_own():
    names = [DOCUMENT["paths"][path][method]["operationId"] for method, path in OPERATIONS]
    assert len(names) == len(set(names))
    assert not [name for name in names if "api" in name]
