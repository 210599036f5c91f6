"""What a test of Signpost needs: the workspace's own tables, limits that are close, an API client."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django_tenants.utils import tenant_context
from psycopg import sql

from events.redis import redis_client
from events.store import get_store
from identity.persons import person_of
from metering.asking import usage
from metering.quotas import counters, limits, quota
from metering.quotas.quota import set_limits
from product import counting, files, links
from product.models import File, Link
from tenants.keys import api_keys
from tenants.models import Tenant
from tenants.signing_up import provisioning
from tests.object_store.fixtures import (  # noqa: F401
    in_bucket,
    object_store,
    shared_bucket,
    storage_kind,
)


@pytest.fixture(autouse=True)
def _no_limits(acme, globex) -> None:
    """What a test stores is rolled back, what it counts is not: without `leave`, nothing is full."""
    set_limits(acme, {})
    set_limits(globex, {})


@pytest.fixture
def member(client_for, people, acme) -> Client:
    """acme's owner, signed in, on acme's host."""
    return client_for(people.acme_owner, acme)


@pytest.fixture
def visitor(client_for, acme) -> Client:
    """Somebody without a session on acme's host."""
    return client_for(None, acme)


@pytest.fixture
def in_acme(acme) -> Callable[[], AbstractContextManager[None]]:
    """`with in_acme():` the test's own queries go to acme's tables (a request ends in public)."""
    return lambda: tenant_context(acme)


@pytest.fixture
def make_link(acme, people) -> Callable[..., Link]:
    """A link of acme; `target_url` and the rest as in NewLink."""

    def make(tenant=acme, *, by=people.acme_owner, **wanted: Any) -> Link:
        wanted.setdefault("target_url", "https://example.com/")
        if "file" in wanted:
            wanted.pop("target_url")
        with tenant_context(tenant):
            new = links.NewLink(**wanted)
            return links.create_link(tenant, new, person_id=person_of(by).id)[0]

    return make


@pytest.fixture
def make_file(acme, people) -> Callable[..., File]:
    """A stored file of acme."""

    def make(
        content: bytes = b"hello", *, name: str = "a.txt", tenant=acme, type="text/plain"
    ) -> File:
        upload = SimpleUploadedFile(name, content, content_type=type)
        with tenant_context(tenant):
            return files.store_file(tenant, upload, person_id=person_of(people.acme_owner).id)

    return make


@pytest.fixture
def leave(acme) -> Callable[..., None]:
    """`leave(links=0)`: acme has this much room left on the named meters, and no other limit."""

    def limit(**room: int) -> None:
        in_use = {key: quota.peek(acme, key).used for key in room}
        set_limits(acme, {key: in_use[key] + left for key, left in room.items()})
        counters.remember_limits(acme.schema_name, limits.of(acme))  # a test never commits

    return limit


@pytest.fixture
def used(acme, settle) -> Callable[[str], int]:
    """`used("links")`: what the store has counted once everything recorded has arrived."""

    def ask(meter: str) -> int:
        settle()
        return usage.current(acme, meter)

    return ask


@pytest.fixture
def api(client_for, people, acme) -> SimpleNamespace:
    """acme's API with a key of acme's owner: `api.post("/links", {...})`; `api.key` is the secret."""
    _, secret = api_keys.create(acme, name="test", user=people.acme_owner)
    client = client_for(None, acme)

    def call(method: str, path: str, body: object = None, *, key: str = secret, **extra: Any):  # type: ignore[no-untyped-def]
        headers = {"Authorization": f"Bearer {key}", **extra.pop("headers", {})} if key else {}
        if body is not None:
            extra |= {"data": body, "content_type": "application/json"}
        return getattr(client, method)(f"/api/v1{path}", headers=headers, **extra)

    def bound(method: str) -> Callable[..., Any]:
        return lambda path, body=None, **extra: call(method, path, body, **extra)

    methods = {name: bound(name) for name in ("get", "post", "put", "patch", "delete")}
    return SimpleNamespace(key=secret, client=client, **methods)


@pytest.fixture
def later(settings) -> Callable[[], None]:  # type: ignore[no-untyped-def]
    """Let the window within which a client's clicks are one be over."""

    def forget() -> None:
        counting.forget_clicks()
        client = redis_client.patient(settings.REDIS_URL)
        for key in client.scan_iter("*:first:*", count=1000):
            client.delete(key)

    return forget


@pytest.fixture
def public_installation(settings) -> None:  # type: ignore[no-untyped-def]
    """Settings of an installation that is not on loopback."""
    settings.DEBUG = False
    settings.SITE_DOMAIN = "signpost.example"


@pytest.fixture
def uploads(settings) -> Callable[[], int]:  # type: ignore[no-untyped-def]
    """How many files lie in the storage of all workspaces."""
    folder = Path(settings.STORAGES["workspaces"]["OPTIONS"]["location"])

    def count() -> int:
        return sum(1 for path in folder.rglob("*") if path.is_file())

    return count


@pytest.fixture
def fresh(people) -> Tenant:
    """A workspace that was made a moment ago, by the outsider, and of which nothing was recorded.

    Its schema may have served another test, whose rows were rolled back and whose events were not.
    """
    wanted = provisioning.NewWorkspace(name=f"Fresh {secrets.token_hex(3)}")
    tenant = provisioning.create_workspace(wanted, owner=people.outsider)
    call_command("consume_events", once=True)
    with get_store().connection() as store:
        store.execute(
            "DELETE FROM event_key USING event WHERE event.id = event_key.id AND tenant = %s",
            [tenant.schema_name],
        )
        for table in ("event", "rollup_minute", "rollup_hour", "rollup_day"):
            query = sql.SQL("DELETE FROM {} WHERE tenant = %s").format(sql.Identifier(table))
            store.execute(query, [tenant.schema_name])
    set_limits(tenant, {})
    return tenant
