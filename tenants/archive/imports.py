"""The life of an import: brought, checked completely, then written at once or refused with a reason."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from typing import IO, Any
from uuid import UUID

import structlog
from django.core.files import File
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from events.steps import step
from identity import standing
from identity.models import User
from tenants import audit
from tenants.archive import progress, restoring, tables
from tenants.archive.exports import storage
from tenants.archive.opening import Opened, open_archive
from tenants.archive.refusals import ArchiveRefused
from tenants.archive.turns import only_one
from tenants.archive.verification import verify
from tenants.jobs import rows
from tenants.members import room
from tenants.models import Tenant
from tenants.models.archives import Import
from tenants.pool import schemas

log = structlog.get_logger()
_GIVE_UP_AFTER = timedelta(days=1)
_ABOUT_TO_COMMIT = "5s"  # how long to wait for one that is
MOST_WAITING = 3  # of one person


class TooManyWaiting(Exception):
    """The person has archives that are still being checked."""


class _Overtaken(Exception):
    """Another worker is at it, or has done it: the lock that gave this one its turn was lost."""


def too_many_wait(owner: User) -> bool:
    """Whether this person has to wait before bringing another one."""
    waiting = Import.objects.filter(owner=owner, state=Import.State.WAITING)
    return waiting.count() >= MOST_WAITING


def bring(
    content: IO[bytes],
    *,
    owner: User,
    name: str = "",
    slug: str = "",
    with_members: bool = False,
    beyond_plan: bool = False,
) -> Import:
    """Keep the archive until it is checked.

    Raises TooManyWaiting, room.TooManyWorkspaces, standing.SignInEnded.
    """
    with transaction.atomic():
        room.require(owner)
    if too_many_wait(owner):
        raise TooManyWaiting
    wanted = Import(
        owner=owner, name=name, slug=slug, with_members=with_members, beyond_plan=beyond_plan
    )
    storage().save(wanted.stored_as, File(content))
    try:
        with transaction.atomic():
            standing.hold(owner)
            wanted.save(force_insert=True)
    except standing.SignInEnded:
        storage().delete(wanted.stored_as)
        raise
    return wanted


def run(import_id: UUID) -> Import | None:
    """Check and write, unless it is done or another worker is at it. None: try again later."""
    with only_one(f"import {import_id}") as is_mine:
        found = Import.objects.filter(pk=import_id, state=Import.State.WAITING)
        wanted = found.select_related("owner").first() if is_mine else None
        if wanted is None:
            return None
        try:
            with storage().open(wanted.stored_as) as content:
                _run(wanted, content)
        except ArchiveRefused as refused:
            _refuse(wanted, refused)
        except FileNotFoundError:
            _refuse(wanted, ArchiveRefused("not_an_archive", "the upload is gone"))
        except (_Overtaken, schemas.NoTemplate, OperationalError, InterfaceError) as error:
            log.warning("import_waits", id=str(import_id), error=str(error))
            return None
        storage().delete(wanted.stored_as)
        return wanted


def _run(wanted: Import, content: IO[bytes]) -> None:
    opened = open_archive(content)
    tell = progress.teller(wanted.pk)
    _begin_anew(opened, wanted)
    with connection.cursor() as cursor:
        known = tables.of(cursor, schemas.TEMPLATE_SCHEMA)
    facts = verify(opened, known, progress=tell)
    step("import.verified")
    try:
        with transaction.atomic():
            tenant, report = restoring.restore(opened, wanted, facts, progress=tell)
            said = asdict(report)
            _is_done(wanted, tenant, said)
            origin = opened.manifest.workspace
            audit.note(
                tenant,
                "workspace.imported",
                by=wanted.owner,
                target=origin.name,
                details={"rows": said["rows"], "files": said["files"], "from": origin.slug},
            )
            step("import.written")
    except Exception:
        _undo(opened, wanted)
        raise
    step("import.committed")


def _begin_anew(opened: Opened, wanted: Import) -> None:
    """Remove what an attempt has left that was killed. One that only seems dead finishes no more:
    the row says where the files of the attempt lie that may.

    Raises _Overtaken when it has finished after all, OperationalError while it is about to.
    """
    with transaction.atomic():
        now = _held(wanted)
        if now is None or now.state != Import.State.WAITING:
            raise _Overtaken("it was finished meanwhile")
        restoring.discard(opened, wanted, schema_name=now.schema_name)
        Import.objects.filter(pk=wanted.pk).update(schema_name="")
    wanted.schema_name = ""


def _undo(opened: Opened, wanted: Import) -> None:
    """Remove what this attempt has written, unless it was committed and only the answer was lost."""
    with transaction.atomic():
        now = _held(wanted)
        if not (now and now.tenant and now.tenant.schema_name == wanted.schema_name):
            restoring.discard(opened, wanted, schema_name=wanted.schema_name)
    wanted.refresh_from_db()


def _held(wanted: Import) -> Import | None:
    """The row as it is, for this transaction alone. Whoever is about to commit an attempt holds it:
    nobody may judge by it, nor touch files, before that has come to its end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [_ABOUT_TO_COMMIT])
    rows = Import.objects.select_for_update(of=("self",)).select_related("tenant")
    return rows.filter(pk=wanted.pk).first()


def _is_done(wanted: Import, tenant: Tenant, report: dict[str, Any]) -> None:
    """Unless it was cancelled meanwhile, or another attempt has begun: then nothing of it stays.

    Raises ArchiveRefused, _Overtaken.
    """
    now = Import.objects.select_for_update().filter(pk=wanted.pk).first()
    if now is None or now.state != Import.State.WAITING:
        raise ArchiveRefused("cancelled")
    if now.schema_name != tenant.schema_name:
        raise _Overtaken("another attempt has begun")
    wanted.tenant, wanted.report = tenant, report
    wanted.state, wanted.finished_at = Import.State.DONE, timezone.now()
    wanted.save(update_fields=["tenant", "report", "state", "finished_at"])


def cancel_all(owner: User) -> int:
    """Stop what this person has brought and what is not written yet; returns how many."""
    stopped = 0
    for wanted in Import.objects.filter(owner=owner, state=Import.State.WAITING):
        _refuse(wanted, ArchiveRefused("cancelled"))
        transaction.on_commit(partial(storage().delete, wanted.stored_as), robust=True)
        stopped += 1
    return stopped


def _refuse(wanted: Import, refused: ArchiveRefused) -> None:
    log.info("import_refused", id=str(wanted.pk), reason=refused.reason, detail=refused.detail)
    Import.objects.filter(pk=wanted.pk, state=Import.State.WAITING).update(
        state=Import.State.REFUSED,
        reason=refused.reason,
        words=str(refused)[:600],
        finished_at=timezone.now(),
    )
    wanted.refresh_from_db()


def tend(*, now: datetime | None = None) -> int:
    """Go on with what a dead worker left. Returns how many came to an end.

    What fails by a fault of ours is tried again for a day, and then refused in words.
    """
    waiting = Import.objects.filter(state=Import.State.WAITING)
    old = waiting.filter(brought_at__lt=(now or timezone.now()) - _GIVE_UP_AFTER)
    for wanted in old:
        _refuse(wanted, ArchiveRefused("our_fault"))
        storage().delete(wanted.stored_as)
    return rows.each_alone("imports.run", waiting, run)
