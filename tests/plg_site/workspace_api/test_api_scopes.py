"""What a key may do is chosen when it is made, and asked by every operation of the API."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from plg_site.workspace_api.api import api
from tenants.keys import api_keys
from tenants.models import ApiKey
from tests.plg_site.workspace_api.test_api_outsiders import DOCUMENT, OPERATIONS, call

V1 = "/api/v1"
ALL = ("read", "write", "events")
# Of every operation somebody has decided what it needs; one that is new has to be added here.
SCOPES = {
    ("get", f"{V1}/links"): "read",
    ("post", f"{V1}/links"): "write",
    ("get", f"{V1}/links/{{link_id}}"): "read",
    ("patch", f"{V1}/links/{{link_id}}"): "write",
    ("delete", f"{V1}/links/{{link_id}}"): "write",
    ("get", f"{V1}/files"): "read",
    ("post", f"{V1}/files"): "write",
    ("delete", f"{V1}/files/{{file_id}}"): "write",
    ("post", f"{V1}/events"): "events",
    ("get", f"{V1}/usage"): "read",
    ("get", f"{V1}/usage/{{meter}}"): "read",
    ("get", f"{V1}/alerts"): "read",
    ("put", f"{V1}/alerts"): "write",
    ("get", f"{V1}/spend-limit"): "read",
    ("put", f"{V1}/spend-limit"): "write",
    ("get", f"{V1}/meters"): "read",
    ("get", f"{V1}/meters/{{meter}}"): "read",
    ("get", f"{V1}/meters/{{meter}}/query"): "read",
    ("post", f"{V1}/meters/{{meter}}/query"): "read",
}


def test_of_every_operation_somebody_has_decided_what_it_needs():
    assert set(OPERATIONS) == set(SCOPES)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_an_operation_takes_only_a_key_that_has_its_scope(client_for, people, acme, method, path):
    needed = SCOPES[method, path]
    visitor = client_for(None, acme)
    others = [scope for scope in ALL if scope != needed]
    _, without = api_keys.create(acme, name="others", user=people.acme_owner, scopes=others)
    refused = call(visitor, method, path, without)
    assert refused.status_code == 403
    assert refused.json()["scope"] == needed
    assert 'error="insufficient_scope"' in refused["WWW-Authenticate"]
    _, right = api_keys.create(acme, name="right", user=people.acme_owner, scopes=[needed])
    assert call(visitor, method, path, right).status_code not in (401, 403)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_the_documentation_says_which_scope_it_needs(method, path):
    operation = DOCUMENT["paths"][path][method]
    assert list(operation["security"][0].values()) == [[SCOPES[method, path]]]
    assert f"Scope: `{SCOPES[method, path]}`" in operation["description"]


def test_nothing_below_the_api_is_without_a_key_or_without_a_scope():
    from plg_site.workspace_api.api import WorkspaceKey, _operations

    for operation in _operations(api._get_bound_routers()):
        if operation.include_in_schema:
            [key] = operation.auth_callbacks
            assert isinstance(key, WorkspaceKey)


def test_a_key_from_before_there_were_scopes_keeps_all(people, acme):
    """Code of the version before writes no scopes: the database gives them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tenants_apikey (id, tenant_id, name, prefix, key_hash, created_at)"
            " VALUES (gen_random_uuid(), %s, 'old', 'sk_old', 'x', now())",
            [acme.pk],
        )
    assert ApiKey.objects.for_tenant(acme).get(name="old").scopes == list(ALL)


@pytest.mark.parametrize("scopes", [[], ["admin"]])
def test_no_key_has_other_scopes_or_none(people, acme, scopes):
    key, _ = api_keys.create(acme, name="k", user=people.acme_owner)
    with pytest.raises(IntegrityError), transaction.atomic():
        ApiKey.objects.filter(pk=key.pk).update(scopes=scopes)


def test_a_call_without_the_scope_counts_for_the_rate_and_not_for_the_plan(
    client_for, people, acme
):
    _, secret = api_keys.create(acme, name="k", user=people.acme_owner, scopes=["events"])
    refused = call(client_for(None, acme), "get", f"{V1}/links", secret)
    assert "RateLimit" in refused.headers
    assert "api_calls" not in refused["RateLimit"]
