"""An archive brings no more, and nothing else, than pages and API would have let somebody make."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django_tenants.utils import schema_context

from metering import alerts
from metering.models import Alert, SpendLimit
from product.models import Link
from tenants.archive import shared
from tenants.models import Tenant
from tenants.models.archives import Import
from tests.tenants.archive import world
from tests.tenants.archive.test_quotas import with_rows
from tests.tenants.archive.test_round_trip import brought


def with_part(archive: bytes, part: str, rows: list[dict[str, Any]]) -> bytes:
    """As another installation would write it, with these rows of a part of `shared`."""

    def rewrite(entries: dict[str, bytes]) -> None:
        lines = [json.dumps(row).encode() + b"\n" for row in rows]
        entries[f"shared/{part}.jsonl"] = b"".join(lines)

    return world.elsewhere(world.rewritten(archive, rewrite))


def an_alert(amount: int, **others: Any) -> dict[str, Any]:
    return {"meter": "clicks", "percent": None, "amount": amount, "is_on": True, **others}


def nothing_came(done: Import, reason: str, before: tuple[int, set[str]]) -> bool:
    assert (done.state, done.reason) == (Import.State.REFUSED, reason)
    return (Tenant.objects.count(), world.folders()) == before


@pytest.fixture
def before(umbrella) -> tuple[int, set[str]]:  # type: ignore[no-untyped-def]
    return Tenant.objects.count(), world.folders()


@pytest.mark.parametrize("count", [alerts.MOST + 1, 2_000])
def test_more_alerts_than_a_page_lets_one_make_are_refused(umbrella, owner, before, count):
    rows = [an_alert(number) for number in range(1, count + 1)]
    done = brought(with_part(world.archive_of(umbrella), "alerts", rows), owner)
    reason = "bad_value" if count <= 2 * alerts.MOST else "too_many_rows"
    assert nothing_came(done, reason, before)


def test_as_many_alerts_as_a_page_lets_one_make_come_along(umbrella, owner):
    for number in range(1, alerts.MOST + 1):
        alerts.put(umbrella, alerts.Threshold(meter="clicks", amount=number))
    done = brought(world.archive_of(umbrella), owner)
    assert Alert.objects.for_tenant(done.tenant).count() == alerts.MOST


@pytest.mark.parametrize(
    "row",
    [
        an_alert(0),
        an_alert(10**30),
        an_alert(True),
        an_alert("5"),  # type: ignore[arg-type]
        an_alert(5, percent=80),
        an_alert(5, is_on="yes"),
        {"meter": "clicks"},
    ],
)
def test_an_alert_that_no_page_would_have_made_is_refused(umbrella, owner, before, row):
    done = brought(with_part(world.archive_of(umbrella), "alerts", [row]), owner)
    assert nothing_came(done, "bad_value", before)


@pytest.mark.parametrize("amount", [-1, True, "5", 5.5, 10**30])
def test_a_limit_that_no_page_would_have_set_is_refused(umbrella, owner, before, amount):
    rows = [{"meter": "clicks", "amount": amount, "currency": ""}]
    done = brought(with_part(world.archive_of(umbrella), "own_limits", rows), owner)
    assert nothing_came(done, "bad_value", before)
    assert not SpendLimit.objects.filter(amount__gt=10**18).exists()


@pytest.mark.parametrize("name", [name for name, part in shared.parts().items() if part.most])
def test_no_part_of_what_is_shared_is_longer_than_it_says(umbrella, owner, before, name):
    rows = [{"row": number} for number in range(shared.parts()[name].most + 1)]
    done = brought(with_part(world.archive_of(umbrella), name, rows), owner)
    assert nothing_came(done, "too_many_rows", before)


def test_every_part_that_an_import_writes_says_how_many_rows_it_takes():
    with pytest.raises(ValueError, match="say how many"):
        shared.Part("endless", lambda tenant: [], lambda tenant, rows, people: 0)
    assert shared.parts()["members"].most, "these are read, although nobody restores them"


@pytest.mark.parametrize("row", [{"email": 5, "role": "owner"}, {"role": "owner"}])
def test_a_member_who_is_none_is_refused(umbrella, owner, before, row):
    done = brought(with_part(world.archive_of(umbrella), "members", [row]), owner)
    assert nothing_came(done, "bad_row", before)


def test_an_archive_without_members_is_one(umbrella, owner):
    def without(entries: dict[str, bytes]) -> None:
        del entries["shared/members.jsonl"]
        manifest = json.loads(entries["manifest.json"])
        del manifest["entries"]["shared/members.jsonl"]
        entries["manifest.json"] = json.dumps(manifest).encode()

    archive = world.elsewhere(world.rewritten(world.archive_of(umbrella), without))
    assert brought(archive, owner).state == Import.State.DONE


def test_a_file_that_no_row_names_is_refused_and_nothing_is_stored(umbrella, owner, before):
    """It would take room, and no meter would say so."""

    def add(entries: dict[str, bytes]) -> None:
        content = b"x" * 1000
        said = {"name": "extra", "size": 1000, "sha256": hashlib.sha256(content).hexdigest()}
        entries["files/extra"] = content
        entries["files.jsonl"] += json.dumps(said).encode() + b"\n"
        manifest = json.loads(entries["manifest.json"])
        manifest["files"]["count"] += 1
        entries["manifest.json"] = json.dumps(manifest).encode()

    archive = world.elsewhere(world.rewritten(world.archive_of(umbrella), add))
    assert nothing_came(brought(archive, owner), "unnamed_file", before)


def a_link(**said: Any) -> Callable[[list[dict[str, Any]]], None]:
    def change(rows: list[dict[str, Any]]) -> None:
        rows[0].update(said)

    return change


@pytest.mark.parametrize(
    "at",
    [
        "20000-01-01T00:00:00+00:00",
        "0044-03-15T00:00:00+00:00 BC",
        "infinity",
        "-infinity",
        "10000-01-01T00:00:00+00:00",
    ],
)
@pytest.mark.parametrize("table", ["product_link", "product_file"])
def test_a_date_that_no_page_can_show_is_refused(umbrella, owner, before, table, at):
    done = brought(with_rows(world.archive_of(umbrella), table, a_link(created_at=at)), owner)
    assert nothing_came(done, "bad_value", before)


@pytest.mark.parametrize("given", ["A\nB", "A \u202eB", "A\u2028B", " A   B\t"])
def test_a_title_is_one_line_of_what_people_see(umbrella, owner, given):
    done = brought(
        with_rows(world.archive_of(umbrella), "product_link", a_link(title=given)), owner
    )
    with schema_context(done.tenant.schema_name):
        assert Link.objects.filter(title="A B").count() == 1
        assert not Link.objects.filter(title=given).exists()
    host = f"{done.tenant.slug}.{settings.APP_DOMAIN}{settings.PUBLIC_PORT_SUFFIX}"
    client = Client(headers={"host": host})
    client.force_login(owner)
    assert [client.get(path).status_code for path in ("/", "/links/")] == [200, 200]
