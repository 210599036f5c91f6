"""Making, changing and deleting short links, and telling the meter."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction

import events
from identity.names import plain
from metering import quotas
from product import codes, destinations, event_types
from product.models import TITLE_MAX_LENGTH, File, Link
from product.reserving import reserved
from tenants.models import Tenant

METER = "links"
_TRIES = 5


class CodeTaken(Exception):
    """Another link of the workspace has this code."""


class LinkGone(Exception):
    """Somebody else has just deleted the link."""


class FileGone(Exception):
    """Somebody else has just deleted the file that it was to lead to."""


class KeyReused(Exception):
    """The Idempotency-Key was used before, for something else."""


@dataclass(frozen=True)
class NewLink:
    """What was asked for: a target (validated) or a file. `code` empty: a random one.

    `request_key` is an API caller's Idempotency-Key; asking again with it finds the first result.
    """

    target_url: str = ""
    file: File | None = None
    title: str = ""
    code: str = ""
    request_key: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 of everything but the key."""
        file_id = self.file.id if self.file else ""
        return _sha256(f"{self.target_url}\n{file_id}\n{self.title}\n{self.code}")


def create_link(tenant: Tenant, wanted: NewLink, *, person_id: UUID | None) -> tuple[Link, bool]:
    """The new link and True, or the one that this request made before and False.

    Raises CodeTaken, FileGone, KeyReused, and metering's QuotaExceeded when no link is left.
    """
    if earlier := _made_before(wanted):
        return earlier, False
    try:
        with reserved(tenant, METER):
            return _insert(tenant, wanted, person_id), True
    except IntegrityError as error:
        # Two requests with one key at the same moment: the other one was faster.
        if "link_request" in str(error) and (earlier := _made_before(wanted)):
            return earlier, False
        raise


@transaction.atomic
def change_target(tenant: Tenant, link: Link, *, target_url: str, title: str) -> None:
    """Lead the link elsewhere (`target_url` validated). A file's link keeps its file.

    Raises LinkGone.
    """
    if not Link.objects.select_for_update(no_key=True).filter(pk=link.pk).exists():
        raise LinkGone
    link.title = _one_line(title)
    if link.file_id is None:
        link.target_url = target_url
    link.save(update_fields=["title", "target_url"])
    _forget(tenant, link.code)


@transaction.atomic
def delete_link(tenant: Tenant, link: Link, *, person_id: UUID | None) -> None:
    """Delete the link and free its place. Its clicks stay counted: they happened."""
    link_id = link.id
    deleted, _ = Link.objects.filter(pk=link_id).delete()
    if not deleted:
        return  # somebody else was faster, and has told the meter
    _forget(tenant, link.code)
    events.record_with_row(
        event_types.LINK_DELETED.name,
        tenant=tenant,
        person=person_id,
        properties={"link_id": link_id, "code": link.code},
    )
    if not link.is_sample:
        _count(tenant, link_id, person_id, change=-1)
        transaction.on_commit(lambda: quotas.release(tenant, METER, 1), robust=True)


def _forget(tenant: Tenant, code: str) -> None:
    """Where the code led is not known any more: now, and again when others can see the change."""
    destinations.forget(tenant, code)
    transaction.on_commit(lambda: destinations.forget(tenant, code))


def _insert(tenant: Tenant, wanted: NewLink, person_id: UUID | None) -> Link:
    """Insert under the wanted code, or under random ones until one is free.

    Raises CodeTaken, FileGone.
    """
    for _ in range(1 if wanted.code else _TRIES):
        try:
            with transaction.atomic():
                if wanted.file is not None:
                    _hold(wanted.file)
                link = Link.objects.create(
                    code=wanted.code or codes.random_code(),
                    title=_one_line(wanted.title),
                    target_url=wanted.target_url,
                    file=wanted.file,
                    created_by=person_id,
                    request_key=_sha256(wanted.request_key) if wanted.request_key else None,
                    request_digest=wanted.digest if wanted.request_key else "",
                )
                _tell(tenant, link, person_id)
                return link
        except IntegrityError as error:
            if "link_code" not in str(error):
                raise
    raise CodeTaken(wanted.code)


def _hold(file: File) -> None:
    """Until this transaction ends, nobody deletes the file. Raises FileGone."""
    if not File.objects.select_for_update(no_key=True).filter(pk=file.pk).exists():
        raise FileGone


def _tell(tenant: Tenant, link: Link, person_id: UUID | None) -> None:
    events.record_with_row(
        event_types.LINK_CREATED.name,
        tenant=tenant,
        person=person_id,
        properties={
            "link_id": link.id,
            "code": link.code,
            "kind": "file" if link.file_id else "address",
        },
    )
    _count(tenant, link.id, person_id, change=+1)


def _count(tenant: Tenant, link_id: UUID, person_id: UUID | None, *, change: int) -> None:
    events.record_with_row(
        event_types.LINK_COUNT_CHANGED.name,
        tenant=tenant,
        person=person_id,
        properties={"change": change, "link_id": link_id},
    )


def _made_before(wanted: NewLink) -> Link | None:
    if not wanted.request_key:
        return None
    earlier = Link.objects.filter(request_key=_sha256(wanted.request_key)).first()
    if earlier is not None and earlier.request_digest != wanted.digest:
        raise KeyReused
    return earlier


def _one_line(title: str) -> str:
    return plain(title)[:TITLE_MAX_LENGTH]  # a letter may become two


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
