"""Things: on the page, over the API, under a limit, and apart from other workspaces."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django_tenants.utils import tenant_context

from metering.asking import usage
from metering.quotas import set_limits
from tenants.keys import api_keys
from tests.reference_product.models import Thing


@pytest.fixture(autouse=True)
def _no_limits(acme, globex) -> None:
    """What a test makes is rolled back, what it counts in Redis is not: without it nothing is full."""
    set_limits(acme, {})
    set_limits(globex, {})


@pytest.fixture
def member(client_for, people, acme):
    """acme's owner, signed in, on acme's host."""
    return client_for(people.acme_owner, acme)


@pytest.fixture
def key(acme, people) -> dict[str, str]:
    """The headers of a program of acme's."""
    _, secret = api_keys.create(acme, name="a program", user=people.acme_owner)
    return {"Authorization": f"Bearer {secret}"}


def test_a_new_workspace_finds_a_sample(member):
    assert "A first thing" in member.get("/").content.decode()


def test_a_thing_is_made_used_and_deleted_on_the_page(member, acme, settle):
    before = usage.current(acme, "things")
    assert member.post("/", {"name": "Anvil"}).status_code == 302
    with tenant_context(acme):
        thing = Thing.objects.get(name="Anvil")
    assert member.post(f"/things/{thing.id}/use/").status_code == 302
    settle()
    assert usage.current(acme, "things") == before + 1

    assert member.post(f"/things/{thing.id}/delete/").status_code == 302
    settle()
    assert usage.current(acme, "things") == before
    assert "Anvil" not in member.get("/", follow=True).content.decode().split("All things")[1]


def test_a_thing_without_a_name_is_refused_in_words(member):
    answer = member.post("/", {"name": ""})
    assert (answer.status_code, "required" in answer.content.decode()) == (422, True)


def test_at_the_limit_the_page_says_why_and_leads_to_the_plans(member, acme):
    set_limits(acme, {"things": 0})
    answer = member.post("/", {"name": "One too many"})
    assert answer.status_code == 402
    assert "/billing/" in answer.content.decode()


def test_the_api_lists_page_by_page_what_it_made(client_for, acme, key):
    client = client_for(None, acme)
    made = [
        client.post(
            "/api/v1/things", {"name": name}, content_type="application/json", headers=key
        ).json()["id"]
        for name in ("Anvil", "Bird seed")
    ]
    first = client.get("/api/v1/things?limit=1", headers=key).json()
    second = client.get(f"/api/v1/things?limit=1&cursor={first['next_cursor']}", headers=key).json()
    assert [first["items"][0]["id"], second["items"][0]["id"]] == made[::-1]


def test_at_the_limit_the_api_answers_402(client_for, acme, key):
    set_limits(acme, {"things": 0})
    answer = client_for(None, acme).post(
        "/api/v1/things", {"name": "One too many"}, content_type="application/json", headers=key
    )
    assert (answer.status_code, answer.json()["meter"]) == (402, "things")


def test_an_outsider_and_another_workspace_find_nothing(client_for, people, acme, globex, key):
    with tenant_context(acme):
        thing = Thing.objects.create(name="Secret")
    assert client_for(people.outsider, acme).get("/").status_code == 404
    foreign = client_for(people.globex_owner, globex)
    assert "Secret" not in foreign.get("/").content.decode()
    assert foreign.post(f"/things/{thing.id}/delete/").status_code == 404
    here = client_for(None, acme)
    assert here.post(f"/api/v1/things/{thing.id}/use", headers={}).status_code == 401
    assert here.post(f"/api/v1/things/{thing.id}/use", headers=key).status_code == 204


def test_the_demo_can_be_made(acme, people, settle):
    from tests.reference_product import seed

    before = usage.current(acme, "uses")
    with tenant_context(acme):
        seed.seed_demo(acme, people.acme_owner)
    settle()
    assert usage.current(acme, "uses") > before


def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
