"""Two callers of the API at the same moment: both get an answer. With real transactions and threads."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django_tenants.utils import tenant_context

from events.models import OutboxEvent
from metering import alerts
from metering.models import SpendLimit
from metering.quotas import own_limits, spend
from product import files, links
from product.models import File, Link
from tenants.keys import api_keys
from tenants.models import ApiKey, AuditEntry, Membership, Tenant

Call = Callable[..., HttpResponse]


@pytest.fixture
def acme(committed: None) -> Iterator[Tenant]:
    tenant = Tenant.objects.get(slug="acme")
    noted = set(AuditEntry.objects.for_tenant(tenant).values_list("pk", flat=True))
    yield tenant
    connection.set_schema_to_public()
    alerts.Alert.objects.for_tenant(tenant).delete()
    SpendLimit.objects.for_tenant(tenant).delete()
    AuditEntry.objects.for_tenant(tenant).exclude(pk__in=noted).delete()
    OutboxEvent.objects.all().delete()


@pytest.fixture
def call(acme: Tenant) -> Iterator[Call]:
    owner = Membership.objects.for_tenant(acme).filter(role="owner").first()
    assert owner is not None
    key, secret = api_keys.create(acme, name="at once", user=owner.user)
    host = f"{acme.slug}.{settings.APP_DOMAIN}{settings.PUBLIC_PORT_SUFFIX}"

    def send(method: str, path: str, body: Any = None) -> HttpResponse:
        client = Client(headers={"host": host, "Authorization": f"Bearer {secret}"})
        said = {} if body is None else {"data": body, "content_type": "application/json"}
        response: HttpResponse = getattr(client, method)(f"/api/v1{path}", **said)
        return response

    yield send
    connection.set_schema_to_public()
    ApiKey.objects.filter(pk=key.pk).delete()


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each answered; they begin at the same moment, each on a connection of its own."""
    answers: list[Any] = [None] * len(calls)
    barrier = threading.Barrier(len(calls))

    def work(number: int) -> None:
        barrier.wait()
        try:
            answers[number] = calls[number]()
        except Exception as error:  # for the assertion to show
            answers[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return answers


def slow(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
    """Each call of this function is followed by a pause, inside of its caller's transaction."""
    real = getattr(module, name)

    def slowly(*args: Any, **said: Any) -> Any:
        try:
            return real(*args, **said)
        finally:
            time.sleep(0.3)

    monkeypatch.setattr(module, name, slowly)


def test_alerts_that_are_set_in_two_orders_at_once_do_not_wait_for_each_other(call, monkeypatch):
    slow(monkeypatch, alerts, "put")
    wanted = [{"meter": "links", "amount": 3}, {"meter": "clicks", "amount": 4}]
    answers = at_once(
        lambda: call("put", "/alerts", json.dumps(wanted)),
        lambda: call("put", "/alerts", json.dumps(wanted[::-1])),
    )
    assert [answer.status_code for answer in answers] == [200, 200], answers


def test_limits_that_are_set_twice_at_once_are_those_of_the_later_one(call, acme, monkeypatch):
    slow(monkeypatch, own_limits, "_record")
    bodies = [{"amount": 5, "caps": {"links": 1}}, {"amount": None, "caps": {"clicks": 2}}]
    answers = at_once(
        *(lambda body=body: call("put", "/spend-limit", json.dumps(body)) for body in bodies)
    )
    assert [answer.status_code for answer in answers] == [200, 200], answers
    own = spend.of(acme)
    assert {"amount": own.money, "caps": own.caps} in bodies, "one of them, not a mixture"


@pytest.fixture
def file(acme: Tenant) -> Iterator[File]:
    with tenant_context(acme):
        upload = SimpleUploadedFile("at-once.txt", b"at once", "text/plain")
        stored = files.store_file(acme, upload, person_id=None)
    yield stored
    with tenant_context(acme):
        Link.objects.filter(file_id=stored.pk).delete()
        files.delete_file(acme, stored, person_id=None)


def test_a_file_is_deleted_while_a_link_to_it_is_made(call, acme, file, monkeypatch):
    slow(monkeypatch, links, "_tell")
    started = threading.Event()
    real = links._insert

    def inserting(*args: Any) -> Any:
        started.set()
        return real(*args)

    monkeypatch.setattr(links, "_insert", inserting)

    def delete() -> HttpResponse:
        started.wait(10)
        time.sleep(0.1)  # the link is there, and not committed
        return call("delete", f"/files/{file.id}")

    made, deleted = at_once(
        lambda: call("post", "/links", json.dumps({"file_id": str(file.id)})), delete
    )
    assert (made.status_code, deleted.status_code) == (201, 204), (made, deleted)
    with tenant_context(acme):
        assert not Link.objects.filter(file_id=file.id).exists(), "it was seen, and deleted too"
        assert not File.objects.filter(pk=file.pk).exists()
