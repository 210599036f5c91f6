"""A workspace with something in it, really committed; and its removal."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from allauth.account.models import EmailAddress
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django_tenants.utils import schema_context

from identity.models import User
from identity.persons import person_of
from product import files, links
from product.models import File
from tenants.archive import export
from tenants.models import Tenant
from tenants.signing_up import provisioning


def a_person(name: str) -> User:
    """With a verified address that nobody else has."""
    email = f"{name}-{uuid4().hex[:8]}@example.org"
    user = User.objects.create_user(email, "correct horse", name=name.title())
    EmailAddress.objects.create(user=user, email=email, primary=True, verified=True)
    return user


def a_workspace(owner: User, *, name: str = "Umbrella") -> Tenant:
    """With three links and two files of its owner, besides the samples."""
    wanted = provisioning.NewWorkspace(name=name, slug=f"umbrella-{uuid4().hex[:8]}")
    tenant = provisioning.create_workspace(wanted, owner=owner)
    person_id = person_of(owner).id
    with schema_context(tenant.schema_name):
        for number in range(2):
            wanted_link = links.NewLink(
                target_url=f"https://example.org/{number}?a=%C3%BC",
                title=f'Link "{number}" with a \\ and ü',
                code=f"code-{number}",
            )
            links.create_link(tenant, wanted_link, person_id=person_id)
        links.create_link(
            tenant,
            links.NewLink(target_url="https://example.org/", request_key="secret-of-a-caller"),
            person_id=person_id,
        )
        for number in range(2):
            upload = SimpleUploadedFile(
                f"report {number}.txt", b"content %d\n" % number * 1000, "text/plain"
            )
            files.store_file(tenant, upload, person_id=person_id)
    _put_samples(tenant)
    return tenant


def _put_samples(tenant: Tenant) -> None:
    """The sample files came with the schema, and lie where uploads lay when the pool made it: in the
    bucket of an earlier test, or on the disk of one. Put them where this test looks."""
    storage = storages["workspaces"]
    with schema_context(tenant.schema_name):
        for sample in File.objects.filter(is_sample=True):
            if not storage.exists(sample.storage_key):
                storage.save(sample.storage_key, ContentFile(b"sample"))


def archive_of(tenant: Tenant, **options: bool) -> bytes:
    out = io.BytesIO()
    export.write(tenant, out, **options)
    return out.getvalue()


def rewritten(archive: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """The archive with other entries, packed anew."""
    with zipfile.ZipFile(io.BytesIO(archive)) as source:
        entries = {name: source.read(name) for name in source.namelist()}
    change(entries)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in entries.items():
            target.writestr(name, content)
    return out.getvalue()


@contextmanager
def nothing_left() -> Iterator[None]:
    """At the end, what was made inside is removed: workspaces with their schemas, people."""
    tenants = set(Tenant.with_purged.values_list("pk", flat=True))
    users = set(User.objects.values_list("pk", flat=True))
    try:
        yield
    finally:
        connection.set_schema_to_public()
        for tenant in Tenant.with_purged.exclude(pk__in=tenants):
            _remove(tenant)
        User.objects.exclude(pk__in=users).delete()


def _remove(tenant: Tenant) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA IF EXISTS "{tenant.schema_name}" CASCADE')
        for table in ("metering_ledger", "tenants_purgereceipt"):
            cursor.execute(f"DELETE FROM {table} WHERE tenant_id = %s", [tenant.pk])  # noqa: S608
        tenant.delete()


def stored(tenant: Tenant) -> dict[str, bytes]:
    """The workspace's files by their names, with their bytes."""
    with schema_context(tenant.schema_name):
        rows = list(File.objects.values_list("name", "storage_key"))
    return {name: storages["workspaces"].open(key).read() for name, key in rows}


def elsewhere(archive: bytes) -> bytes:
    """The archive as if another installation had written it: counts and checksums are right."""

    def change(entries: dict[str, bytes]) -> None:
        manifest = json.loads(entries.pop("manifest.json"))
        entries.pop("signature.txt")
        for name, said in manifest["entries"].items():
            content = entries[name]
            said.update(
                size=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
                lines=content.count(b"\n"),
            )
        entries["manifest.json"] = json.dumps({**manifest, "made_by": "elsewhere"}).encode()

    return rewritten(archive, change)


def folders() -> set[str]:
    """Names of all uploads, of whatever workspace."""
    root = Path(storages["workspaces"].location)
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
