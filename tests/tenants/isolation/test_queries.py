"""That there are workspaces costs a request no query: neither for the host nor for the schema."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext


def asked_for(client, path: str) -> list[str]:
    with CaptureQueriesContext(connection) as asked:
        assert client.get(path).status_code == 200
    return [query["sql"] for query in asked]


@pytest.mark.parametrize("path", ["/", "/links/", "/files/", "/members/", "/usage/"])
def test_a_page_asks_for_session_user_membership_and_what_it_shows(client_for, people, acme, path):
    client = client_for(people.acme_owner, acme)
    asked_for(client, path)  # the host is known from here on
    queries = asked_for(client, path)
    for query, table in zip(
        queries[:3], ("django_session", "identity_user", "membership"), strict=True
    ):
        assert table in query
    assert not [query for query in queries if "search_path" in query]
    assert not [query for query in queries if 'FROM "tenants_tenant"' in query]


def test_the_second_workspace_costs_one_setting_of_the_path(client_for, people, acme, globex):
    """Within one transaction, as here; from the pool it comes with the check of the connection."""
    one, other = client_for(people.acme_owner, acme), client_for(people.globex_owner, globex)
    for client in (one, other):
        asked_for(client, "/links/")
    once = asked_for(one, "/links/")
    again = asked_for(one, "/links/")
    assert ["search_path" in query for query in once].count(True) == 1
    # What a process asks once in a second may be in the first one, too.
    assert not [query for query in again if "search_path" in query]
    assert len(again) <= len(once) - 1
