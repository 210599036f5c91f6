"""What goes out comes in again: rows, files, settings; and what must not go out does not."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from django_tenants.utils import schema_context

from events.models import OutboxEvent
from identity.persons import person_of
from metering.models import Alert, SpendLimit
from product import links
from product.models import File, Link
from tenants.archive import imports
from tenants.archive.exports import storage
from tenants.keys import api_keys
from tenants.members import membership
from tenants.models import AuditEntry, Membership, Role, Tenant
from tenants.models.archives import Import
from tests.tenants.archive import world


def brought(archive: bytes, owner, **options) -> Import:  # type: ignore[no-untyped-def]
    wanted = imports.bring(io.BytesIO(archive), owner=owner, **options)
    done = imports.run(wanted.pk)
    assert done is not None
    return done


def test_a_workspace_comes_back_as_it_was(umbrella, owner):
    done = brought(world.archive_of(umbrella), owner)
    assert (done.state, done.words) == (Import.State.DONE, "")
    assert done.tenant.pk != umbrella.pk
    assert rows_of(done.tenant) == rows_of(umbrella)
    assert world.stored(done.tenant) == world.stored(umbrella)
    assert Membership.objects.for_tenant(done.tenant).get().user == owner


def rows_of(tenant: Tenant) -> list[tuple[object, ...]]:
    with schema_context(tenant.schema_name):
        return [
            *File.objects.values_list("pk", "name", "size", "sha256", "created_by", "created_at"),
            *Link.objects.values_list(
                "pk", "code", "title", "target_url", "file", "created_by", "created_at"
            ),
        ]


def test_files_lie_in_the_new_workspaces_own_folder(umbrella, owner):
    tenant = brought(world.archive_of(umbrella), owner).tenant
    with schema_context(tenant.schema_name):
        keys = list(File.objects.values_list("storage_key", flat=True))
    assert all(key.startswith(f"{tenant.schema_name}/") for key in keys)
    assert len(keys) == 3


def test_the_new_workspace_can_be_worked_in(umbrella, owner):
    tenant = brought(world.archive_of(umbrella), owner).tenant
    with schema_context(tenant.schema_name):
        new = links.NewLink(target_url="https://example.org/new")
        assert links.create_link(tenant, new, person_id=None)[1]


def test_meters_begin_with_what_came(umbrella, owner):
    tenant = brought(world.archive_of(umbrella), owner).tenant
    payloads = [json.loads(row.payload) for row in OutboxEvent.objects.all()]
    changes = {
        event["name"]: event["properties"]
        for event in payloads
        if event["tenant"] == tenant.schema_name
    }
    assert changes["Link Count Changed"]["change"] == 3
    assert changes["Storage Changed"]["bytes"] == 20_000


def test_no_secret_and_no_hash_of_one_is_in_an_archive(umbrella, owner):
    key, secret = api_keys.create(umbrella, name="CI", user=owner)
    membership.invite(umbrella, email="friend@example.org", role=Role.MEMBER, by=owner)
    archive = world.archive_of(umbrella)
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        text = b"".join(opened.read(name) for name in opened.namelist())
    with schema_context(umbrella.schema_name):
        request_key = Link.objects.exclude(request_key=None).get().request_key
    for hidden in (secret, key.key_hash, owner.password, request_key):
        assert hidden.encode() not in text
    assert b'"CI"' in text, "that there was a key is no secret"


def test_what_the_workspace_set_for_itself_comes_along(umbrella, owner):
    Alert.objects.create(tenant=umbrella, meter="clicks", percent=50)
    SpendLimit.objects.create(tenant=umbrella, meter="clicks", amount=77)
    Tenant.objects.filter(pk=umbrella.pk).update(time_zone="Asia/Tokyo")
    umbrella.refresh_from_db()
    tenant = brought(world.archive_of(umbrella), owner).tenant
    assert Alert.objects.for_tenant(tenant).get().percent == 50
    assert SpendLimit.objects.for_tenant(tenant).get().amount == 77
    assert tenant.time_zone == "Asia/Tokyo"


def test_on_another_installation_strangers_are_no_authors(umbrella, owner, settings):
    """Elsewhere, ids of persons mean somebody else or nobody."""
    archive = world.archive_of(umbrella)
    settings.SECRET_KEY = "another installation"
    somebody = world.a_person("stranger")
    done = brought(archive, somebody)
    assert done.state == Import.State.DONE
    assert done.report["authors_left_out"] == 5
    assert done.report["members_not_brought"] == [owner.email]
    with schema_context(done.tenant.schema_name):
        assert not Link.objects.exclude(created_by=None).exists()


def test_whoever_runs_the_installation_may_bring_members_along(umbrella, owner):
    friend = world.a_person("friend")
    membership.add_member(umbrella, user=friend, role=Role.MEMBER)
    archive = world.archive_of(umbrella)
    done = brought(archive, world.a_person("admin"), with_members=True)
    assert {m.user for m in Membership.objects.for_tenant(done.tenant)} >= {owner, friend}
    assert done.report["authors_left_out"] == 0
    with schema_context(done.tenant.schema_name):
        authors = set(Link.objects.filter(is_sample=False).values_list("created_by", flat=True))
    assert authors == {person_of(owner).id}


def test_an_archive_is_read_with_any_tool(umbrella):
    with zipfile.ZipFile(io.BytesIO(world.archive_of(umbrella))) as opened:
        assert opened.testzip() is None
        manifest = json.loads(opened.read("manifest.json"))
        lines = opened.read("tables/product_link.jsonl").splitlines()
    assert len(lines) == manifest["entries"]["tables/product_link.jsonl"]["lines"] == 5
    assert {json.loads(line)["code"] for line in lines} >= {"code-0", "code-1", "sample"}


def test_both_ends_are_in_the_audit_log(umbrella, owner):
    tenant = brought(world.archive_of(umbrella), owner).tenant
    assert AuditEntry.objects.for_tenant(tenant).filter(action="workspace.imported").exists()


def test_the_upload_goes_when_it_is_done(umbrella, owner):
    done = brought(world.archive_of(umbrella), owner)
    assert not storage().exists(done.stored_as)


def test_one_person_has_few_archives_waiting(umbrella, owner):
    for _ in range(imports.MOST_WAITING):
        imports.bring(io.BytesIO(b"x"), owner=owner)
    with pytest.raises(imports.TooManyWaiting):
        imports.bring(io.BytesIO(b"x"), owner=owner)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("code-0", "code-1"), "bad_value"),  # a code is taken once
        (('"file_id": null', f'"file_id": "{"0" * 32}"'), "bad_value"),  # leads to two places
        (('"is_sample": false', '"is_sample": "maybe"'), "bad_value"),
        (('"id": "', '"id": "x'), "bad_value"),
    ],
)
def test_what_postgresql_does_not_take_leaves_nothing_behind(umbrella, owner, change, reason):
    def tamper(entries: dict[str, bytes]) -> None:
        text = entries["tables/product_link.jsonl"].decode()
        assert change[0] in text
        entries["tables/product_link.jsonl"] = text.replace(*change).encode()

    archive = world.elsewhere(world.rewritten(world.archive_of(umbrella), tamper))
    before = list(Tenant.objects.values_list("pk")), world.folders()
    done = brought(archive, owner)
    assert (done.state, done.reason) == (Import.State.REFUSED, reason)
    assert (list(Tenant.objects.values_list("pk")), world.folders()) == before


def test_a_row_that_refers_to_nothing_leaves_nothing_behind(umbrella, owner):
    def tamper(entries: dict[str, bytes]) -> None:
        files = entries["tables/product_file.jsonl"]
        entries["tables/product_file.jsonl"] = files.replace(b'"id": "0', b'"id": "f')

    archive = world.elsewhere(world.rewritten(world.archive_of(umbrella), tamper))
    before = list(Tenant.objects.values_list("pk")), world.folders()
    assert brought(archive, owner).reason == "broken_reference"
    assert (list(Tenant.objects.values_list("pk")), world.folders()) == before


def test_an_address_that_is_taken_is_said_so(umbrella, owner):
    done = brought(world.archive_of(umbrella), owner, slug=umbrella.slug)
    assert (done.state, done.reason) == (Import.State.REFUSED, "slug_taken")
