"""What a test of the API from outside needs: a log of its own, a key, and a type that is open."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

import events
from events import EventType, refusals
from tenants.keys import api_keys
from tests.events.log import (  # noqa: F401 (fixtures)
    clickhouse_events,
    events_database,
    log,
    postgres_events,
    store_kind,
)
from tests.plg_site.live_api import endpoint, tenant, token  # noqa: F401 (fixtures)

PARCEL = EventType(
    "Parcel Sent",
    {
        "grams": int,
        "price": Decimal | None,
        "height": float | None,
        "fragile": bool | None,
        "to": UUID | None,
        "note": str | None,
        "zone": str | None,
    },
    external=True,
    formats={"zone": "[A-Z]{2}"},
)


@pytest.fixture(autouse=True, scope="session")
def parcel() -> Iterator[None]:
    events.register(PARCEL)
    yield
    events.registry._registered.pop(PARCEL.name)


def an_event(id: str = "1", **changes: Any) -> dict[str, Any]:
    """A CloudEvent that is accepted; a change to None leaves the attribute out."""
    said = {
        "specversion": "1.0",
        "id": id,
        "source": "/shop",
        "type": PARCEL.name,
        "data": {"grams": 5},
    } | changes
    return {key: value for key, value in said.items() if value is not None}


@pytest.fixture
def outside(log, client_for, people, acme) -> SimpleNamespace:  # type: ignore[no-untyped-def]  # noqa: F811
    """acme's API, raw: `outside.send(body)` posts events, `outside.get(path)` asks."""
    _, secret = api_keys.create(acme, name="test", user=people.acme_owner)
    client = client_for(None, acme)

    def send(body: Any, *, type: str = "application/json", key: str = secret, **headers: str):  # type: ignore[no-untyped-def]
        data = body if isinstance(body, bytes | str) else json.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.post(
            "/api/v1/events",
            data=data,
            content_type=type,
            headers={"Authorization": f"Bearer {key}", **named},
        )

    def report(body: Any, **more: Any) -> Any:
        return send(body, Accept="application/json", **more).json()

    def get(path: str, **headers: str):  # type: ignore[no-untyped-def]
        headers = {"Authorization": f"Bearer {secret}", **headers}
        return client.get(f"/api/v1{path}", headers=headers)

    def post(path: str, body: Any, **headers: str):  # type: ignore[no-untyped-def]
        headers = {"Authorization": f"Bearer {secret}", **headers}
        return client.post(
            f"/api/v1{path}",
            data=json.dumps(body),
            content_type="application/json",
            headers=headers,
        )

    def stored() -> list[dict[str, Any]]:
        """What the log has of acme's parcels, as dicts."""
        log.settle()
        found = log.store.find(names=[PARCEL.name])
        said = [
            {"id": e.id, "tenant": e.tenant, "time": e.time, "context": e.context, **e.properties}
            for e in found
        ]
        return sorted(said, key=lambda each: str(each["context"]["source_id"]))

    return SimpleNamespace(
        key=secret, client=client, send=send, report=report, get=get, post=post, stored=stored
    )


@pytest.fixture
def refused() -> Callable[[str], int]:
    """`refused("wrong_time")`: how often that was counted since the test began."""
    before = refusals.totals()
    return lambda reason: refusals.totals().get(reason, 0) - before.get(reason, 0)
