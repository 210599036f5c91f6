"""The life of an export: asked for, made once, kept for some days, removed.

A worker holds a lock of PostgreSQL while it makes one. A worker that dies loses the lock, and
`tend`, which runs every minute, has the export made again from the beginning.
"""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from typing import IO
from uuid import UUID

import structlog
from django.conf import settings
from django.core.files import File
from django.core.files.storage import Storage, storages
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from events.steps import step
from events.store import StoreUnavailable
from identity.models import User
from tenants import addresses, audit, letters, row_bounds
from tenants.archive import export, progress
from tenants.archive.layout import Manifest
from tenants.archive.turns import only_one
from tenants.jobs import rows
from tenants.models import Tenant
from tenants.models.archives import Export

log = structlog.get_logger()
_GIVE_UP_AFTER = timedelta(days=1)


def storage() -> Storage:
    """Where archives are: private, with no address of their own."""
    return storages["exports"]


def ask(
    tenant: Tenant, *, by: User | None, with_events: bool, request: HttpRequest | None = None
) -> Export:
    """Have an archive made; while one is being made, that one. Raises row_bounds.TooManyRows."""
    today = Export.objects.for_tenant(tenant).filter(
        asked_at__gt=timezone.now() - timedelta(days=1)
    )
    try:
        with transaction.atomic():
            row_bounds.require(tenant, row_bounds.EXPORTS_A_DAY, today)
            wanted = Export.objects.create(tenant=tenant, asked_by=by, with_events=with_events)
            audit.note(
                tenant, "export.asked", by=by, details={"events": with_events}, request=request
            )
    except IntegrityError:
        return Export.objects.for_tenant(tenant).get(state=Export.State.WAITING)
    return wanted


def make(export_id: UUID) -> Export | None:
    """Make the archive, unless it is made or another worker is at it. Call it outside of transactions."""
    with only_one(f"export {export_id}") as is_mine:
        wanted = _waiting(export_id) if is_mine else None
        if wanted is None:
            return None
        try:
            with tempfile.TemporaryFile() as out:  # has no name: it goes with the process
                manifest = export.write(
                    wanted.tenant,
                    out,
                    with_events=wanted.with_events,
                    progress=progress.teller(wanted.pk),
                )
                step("export.written")
                _keep(wanted, out, manifest)
        except StoreUnavailable as error:
            log.warning("export_waits", export=str(export_id), error=str(error))
            return None
        return wanted


def _waiting(export_id: UUID) -> Export | None:
    found = Export.objects.filter(pk=export_id, state=Export.State.WAITING)
    return found.select_related("tenant", "asked_by").first()


def _keep(wanted: Export, out: IO[bytes], manifest: Manifest) -> None:
    sha256 = export.checksum(out)
    size = out.tell()
    storage().delete(wanted.stored_as)  # of a worker that died here
    storage().save(wanted.stored_as, File(out))
    step("export.stored")
    now = timezone.now()
    entries = manifest.entries
    said = {
        "state": Export.State.READY,
        "size": size,
        "sha256": sha256,
        "rows": sum(entry.lines for name, entry in entries.items() if name.startswith("tables/")),
        "files": manifest.files.count,
        "missing_files": len(manifest.files.missing),
        "finished_at": now,
        "expires_at": now + timedelta(days=settings.EXPORT_KEPT_DAYS),
    }
    with transaction.atomic():
        waiting = Export.objects.filter(pk=wanted.pk, state=Export.State.WAITING)
        if not waiting.update(**said):
            return
        wanted.refresh_from_db()
        audit.note(
            wanted.tenant,
            "export.made",
            by=wanted.asked_by,
            details={"sha256": sha256, "bytes": size, "rows": said["rows"]},
        )
        _tell(wanted)
        step("export.ready")


def _tell(made: Export) -> None:
    if made.asked_by is None:
        return
    letters.send(
        "tenants.export_ready",
        {
            "rows": f"{made.rows:,}",
            "files": f"{made.files:,}",
            "sha256": made.sha256,
            "day": f"{made.expires_at:%-d %B %Y}",
            "export_url": addresses.workspace_url(made.tenant, "/settings/export/"),
        },
        to=made.asked_by.email,
        user=made.asked_by,
        tenant=made.tenant,
        once=f"export:{made.pk}",
    )


def withdraw(made: Export, *, by: User, request: HttpRequest | None = None) -> None:
    """Remove an archive before its time."""
    with transaction.atomic():
        ready = Export.objects.for_tenant(made.tenant).filter(pk=made.pk, state=Export.State.READY)
        if ready.update(state=Export.State.EXPIRED):
            audit.note(made.tenant, "export.removed", by=by, request=request)
    storage().delete(made.stored_as)


def tend(*, now: datetime | None = None) -> int:
    """Have made what waits (a worker may have died), and remove what is over. Returns how many were made."""
    now = now or timezone.now()
    over = Export.objects.filter(state=Export.State.READY, expires_at__lte=now)
    rows.each("exports.expire", over, _expire)
    waiting = Export.objects.filter(state=Export.State.WAITING)
    waiting.filter(asked_at__lt=now - _GIVE_UP_AFTER).update(
        state=Export.State.FAILED, finished_at=now
    )
    return rows.each_alone("exports.make", waiting, make)


def _expire(over: Export) -> None:
    storage().delete(over.stored_as)  # first: the row says where it is
    over.state = Export.State.EXPIRED
    over.save(update_fields=["state"])
