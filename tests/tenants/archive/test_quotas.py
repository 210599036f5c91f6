"""An import brings no more than a plan holds, and nothing about it is believed that can be known."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django_tenants.utils import schema_context

from metering.definitions import catalogue
from product import files, portability
from product.catalogue import MB, PLANS
from product.models import File, Link
from tenants.archive import imports
from tenants.models import Tenant
from tenants.models.archives import Import
from tenants.signing_up import provisioning
from tests.tenants.archive import world
from tests.tenants.archive.test_round_trip import brought


def with_rows(archive: bytes, table: str, change: Callable[[list[dict[str, Any]]], None]) -> bytes:
    """As another installation would write it, with other rows."""

    def rewrite(entries: dict[str, bytes]) -> None:
        name = f"tables/{table}.jsonl"
        rows = [json.loads(line) for line in entries[name].splitlines()]
        change(rows)
        entries[name] = b"".join(json.dumps(row).encode() + b"\n" for row in rows)

    return world.elsewhere(world.rewritten(archive, rewrite))


def small(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        row.update(size=1, sha256="0" * 64)


def samples(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        row["is_sample"] = True


def more(count: int) -> Callable[[list[dict[str, Any]]], None]:
    """So many links beside those that are there; all say that they came with the workspace."""
    from uuid import uuid4

    def add(rows: list[dict[str, Any]]) -> None:
        for number in range(count):
            rows.append({**rows[0], "id": str(uuid4()), "code": f"more-{number}"})
        samples(rows)

    return add


def test_size_and_checksum_of_a_file_are_those_of_the_file_whatever_its_row_says(umbrella, owner):
    done = brought(with_rows(world.archive_of(umbrella), "product_file", small), owner)
    assert done.state == Import.State.DONE
    stored = world.stored(done.tenant)
    with schema_context(done.tenant.schema_name):
        said = {file.name: (file.size, file.sha256) for file in File.objects.all()}
    assert said == {
        name: (len(content), hashlib.sha256(content).hexdigest())
        for name, content in stored.items()
    }


def test_a_negative_size_makes_no_room(umbrella, owner):
    def negative(rows: list[dict[str, Any]]) -> None:
        rows[0]["size"] = -(10**12)

    done = brought(with_rows(world.archive_of(umbrella), "product_file", negative), owner)
    with schema_context(done.tenant.schema_name):
        assert min(File.objects.values_list("size", flat=True)) > 0


@pytest.mark.parametrize("table", ["product_link", "product_file"])
def test_that_something_is_a_sample_is_not_believed_of_a_strangers_archive(umbrella, owner, table):
    done = brought(with_rows(world.archive_of(umbrella), table, samples), owner)
    model = {"product_link": Link, "product_file": File}[table]
    with schema_context(done.tenant.schema_name):
        assert not model.objects.filter(is_sample=True).exists()


def test_what_came_with_the_workspace_stays_a_sample_in_an_archive_of_our_own(umbrella, owner):
    done = brought(world.archive_of(umbrella), owner)
    for tenant in (umbrella, done.tenant):
        with schema_context(tenant.schema_name):
            assert Link.objects.filter(is_sample=True).exists()


def test_more_links_than_the_plan_of_a_new_workspace_holds_are_refused_in_words(umbrella, owner):
    workspaces, folders = Tenant.objects.count(), world.folders()
    done = brought(with_rows(world.archive_of(umbrella), "product_link", more(20)), owner)
    assert (done.state, done.reason) == (Import.State.REFUSED, "beyond_plan")
    assert "links, of 10" in done.words
    assert Tenant.objects.count() == workspaces
    assert world.folders() == folders, "nothing was written"


def test_more_storage_than_the_plan_of_a_new_workspace_holds_is_refused(
    umbrella, owner, monkeypatch
):
    from metering.quotas import quota

    quota.set_limits(umbrella, {})
    large = SimpleUploadedFile("large.bin", b"x" * (17 * MB), "text/plain")
    with schema_context(umbrella.schema_name):
        for _ in range(3):
            large.seek(0)
            files.store_file(umbrella, large, person_id=None)
    archive = world.archive_of(umbrella)
    for each in (archive, with_rows(archive, "product_file", small)):
        done = brought(each, owner)
        assert (done.state, done.reason) == (Import.State.REFUSED, "beyond_plan")


def test_who_runs_the_installation_may_bring_more_than_the_plan_holds(umbrella, owner, tmp_path):
    file = tmp_path / "a.zip"
    file.write_bytes(with_rows(world.archive_of(umbrella), "product_link", more(20)))
    call_command("import_workspace", file, owner=owner.email, beyond_plan=True)
    done = Import.objects.get(owner=owner)
    assert done.state == Import.State.DONE


def test_everything_that_a_plan_limits_for_as_long_as_it_exists_is_asked_for_at_an_import():
    """Seats aside, which an import asks for one by one."""
    limited = {
        key
        for plan in PLANS
        for key, limit in plan.limits.items()
        if limit.hard and catalogue.get(key).period == "lifetime"
    }
    asked = {meter for meters in portability.METERED.values() for meter in meters}
    assert limited - {"seats"} == asked


def test_every_file_that_a_row_names_has_its_size_and_checksum_taken_from_it():
    for table, columns in portability.FILES.items():
        assert set(portability.SIZES[table].values()) == set(columns)
        assert set(portability.CHECKSUMS[table].values()) == set(columns)


def test_an_archive_that_was_brought_in_time_is_asked_again_when_it_is_written(umbrella, owner):
    wanted = imports.bring(io.BytesIO(world.archive_of(umbrella)), owner=owner)
    for number in range(2):
        name = f"More {number}"
        provisioning.create_workspace(provisioning.NewWorkspace(name=name), owner=owner)
    done = imports.run(wanted.pk)
    assert (done.state, done.reason) == (Import.State.REFUSED, "too_many_workspaces")


def test_who_has_no_room_for_another_workspace_is_told_so_by_the_command(umbrella, owner, tmp_path):
    file = tmp_path / "a.zip"
    file.write_bytes(world.archive_of(umbrella))
    for number in range(2):
        name = f"More {number}"
        provisioning.create_workspace(provisioning.NewWorkspace(name=name), owner=owner)
    with pytest.raises(CommandError, match="nothing was kept"):
        call_command("import_workspace", file, owner=owner.email)
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_workspace", tmp_path / "none.zip", owner=owner.email)
