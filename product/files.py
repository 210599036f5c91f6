"""Storing, sharing and deleting files. Storage is metered in bytes."""

from __future__ import annotations

import hashlib
import re
import secrets
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core.files.base import File as Content
from django.core.files.storage import Storage, storages
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

import events
from metering import definitions, quotas
from metering.wording import quantity
from product import event_types
from product.links import delete_link
from product.models import File
from product.reserving import reserved
from tenants.models import Tenant

METER = "storage"
SAMPLE = Path(__file__).parent / "sample" / "welcome-to-signpost.pdf"
_CONTENT_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,58}/[a-z0-9][a-z0-9!#$&^_.+-]{0,58}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")  # also: text direction


class EmptyFile(Exception):
    """The upload holds no bytes; the message says so."""

    def __str__(self) -> str:
        return "This file is empty, so there is nothing to share. Please choose another one."


class FileTooLarge(Exception):
    """The upload is above UPLOAD_MAX_BYTES; the message names the limit."""

    def __str__(self) -> str:
        return f"A file may have up to {in_bytes(settings.UPLOAD_MAX_BYTES)}. Nothing was stored."


def storage() -> Storage:
    """Where the bytes are; each name begins with the schema, see `new_key`."""
    return storages["workspaces"]


def store_file(tenant: Tenant, upload: UploadedFile, *, person_id: UUID | None) -> File:
    """Keep the upload. Raises EmptyFile, FileTooLarge, and metering's QuotaExceeded: nothing is kept.

    A crash between the bytes and the row leaves bytes that no row names; they are not metered.
    """
    size = upload.size or 0
    if size == 0:
        raise EmptyFile
    if size > settings.UPLOAD_MAX_BYTES:
        raise FileTooLarge
    with reserved(tenant, METER, size):
        sha256 = _sha256(upload)
        key = storage().save(new_key(tenant.schema_name), upload)
        try:
            return _insert(tenant, upload, size, key=key, sha256=sha256, person_id=person_id)
        except BaseException:
            storage().delete(key)
            raise


@transaction.atomic
def delete_file(tenant: Tenant, file: File, *, person_id: UUID | None) -> None:
    """Delete the file and the links that lead to it; its bytes go once that is committed.

    Who makes a link to it at this moment comes before us, and it is among those links, or finds the
    file gone.
    """
    if not File.objects.select_for_update().filter(pk=file.pk).exists():
        return
    for link in file.links.all():
        delete_link(tenant, link, person_id=person_id)
    file_id = file.id
    File.objects.filter(pk=file_id).delete()
    size, key = file.size, file.storage_key
    events.record_with_row(
        event_types.FILE_DELETED.name,
        tenant=tenant,
        person=person_id,
        properties={"file_id": file_id, "bytes": size},
    )
    transaction.on_commit(lambda: storage().delete(key), robust=True)
    if not file.is_sample:
        _change_storage(tenant, file_id, person_id, change=-size)
        transaction.on_commit(lambda: quotas.release(tenant, METER, size), robust=True)


@transaction.atomic
def _insert(
    tenant: Tenant,
    upload: UploadedFile,
    size: int,
    *,
    key: str,
    sha256: str,
    person_id: UUID | None,
) -> File:
    file = File.objects.create(
        name=clean_name(upload.name or ""),
        size=size,
        content_type=clean_content_type(upload.content_type or ""),
        sha256=sha256,
        storage_key=key,
        created_by=person_id,
    )
    events.record_with_row(
        event_types.FILE_STORED.name,
        tenant=tenant,
        person=person_id,
        properties={"file_id": file.id, "bytes": file.size, "content_type": file.content_type},
    )
    _change_storage(tenant, file.id, person_id, change=file.size)
    return file


def _change_storage(tenant: Tenant, file_id: UUID, person_id: UUID | None, *, change: int) -> None:
    events.record_with_row(
        event_types.STORAGE_CHANGED.name,
        tenant=tenant,
        person=person_id,
        properties={"bytes": change, "file_id": file_id},
    )


def in_bytes(size: int) -> str:
    """The size as people read it: "20 MB"."""
    return quantity(definitions.meter_named(METER), size)


def new_key(schema_name: str) -> str:
    """A name in the storage: the workspace's folder, and what nobody can guess.

    The folder is part of the name, not of the storage: TenantFileSystemStorage takes a given
    location as it is, and a bucket knows no current schema.
    """
    return f"{schema_name}/{secrets.token_hex(16)}"


def clean_name(name: str) -> str:
    """The file's own name, without what could make it look like another in a list or a dialog."""
    return _CONTROL.sub("", name).strip()[:255] or "file"


def clean_content_type(content_type: str) -> str:
    """The type that the browser told us, if it is one. It only decides the icon of a download."""
    content_type = content_type.lower()
    return content_type if _CONTENT_TYPE.fullmatch(content_type) else "application/octet-stream"


def _sha256(content: Content) -> str:
    digest = hashlib.sha256()
    for chunk in content.chunks():
        digest.update(chunk)
    content.seek(0)
    return digest.hexdigest()
