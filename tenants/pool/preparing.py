"""Workspaces that were accepted while the pool was empty: they have an address, and soon a schema.

Sign-ups never make a schema themselves: fifty at once would wait for each other, with every web
thread inside. They wait in line here instead (`Tenant.status` is "preparing"), oldest first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from events.steps import step
from tenants.jobs import rows
from tenants.models import Status, Tenant
from tenants.pool import fingerprints, schemas, templates

log = structlog.get_logger()

HELP_AFTER = timedelta(seconds=3)  # in line; then a page that waits looks after it itself
LONG = timedelta(seconds=20)  # no longer what we promise
_ONE_HELPER = 7_204_002


@dataclass(frozen=True)
class Progress:
    """Where a workspace stands in line. `ahead`: how many are made before it."""

    ahead: int
    waited: timedelta

    @property
    def takes_long(self) -> bool:
        return self.waited > LONG


def progress(tenant: Tenant, *, now: datetime | None = None) -> Progress | None:
    """How far it is; None when the workspace is there."""
    line = _line()
    if not line.filter(pk=tenant.pk).exists():
        return None
    return Progress(
        ahead=line.filter(created_at__lt=tenant.created_at).count(),
        waited=(now or timezone.now()) - tenant.created_at,
    )


def prepare_all() -> int:
    """Make the schemas of all that wait; returns how many. One that fails stays in line."""
    if schemas.script() is None:
        schemas.build()
    tried, failed = 0, set[UUID]()
    while prepare_next(failed=failed):
        tried += 1
    return tried - len(failed)


def prepare_next(*, failed: set[UUID]) -> bool:
    """Make the schema of the workspace that waits longest and that nobody else is busy with.

    False when there is none. One that cannot be made goes into `failed`, and the next call leaves it.
    """
    line = _line().exclude(pk__in=failed)
    with transaction.atomic():
        tenant = _locked(line.order_by("created_at"))
        if tenant is None:
            return False
        if not _prepare(tenant):
            failed.add(tenant.pk)
    return True


def help_out(tenant: Tenant) -> None:
    """Make this workspace's schema in the web process, if it waits for long: no worker runs, or all
    are busy. One process at a time does so."""
    if timezone.now() - tenant.created_at < HELP_AFTER:
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_ONE_HELPER])
            [is_ours] = cursor.fetchone()
        line = _line().filter(pk=tenant.pk)
        if is_ours and schemas.script() is not None and (waiting := _locked(line)):
            _prepare(waiting)


def _line() -> QuerySet[Tenant]:
    """All that wait, without those that nobody has opened yet."""
    return Tenant.objects.filter(status=Status.PREPARING, held=False)


def _locked(line: QuerySet[Tenant]) -> Tenant | None:
    # Rows that refer to the workspace may be written meanwhile.
    return line.select_for_update(skip_locked=True, no_key=True).first()


def _prepare(tenant: Tenant) -> bool:
    """Make its schema, in the current transaction; whether it could be made."""
    try:
        with transaction.atomic():
            schemas.make(tenant.schema_name, template=templates.get(tenant.template))
    except Exception as error:
        rows.failed("preparing.make", tenant.pk, error)
        return False
    tenant.status = Status.ACTIVE
    tenant.fingerprint = fingerprints.of_migrations()
    tenant.save(update_fields=["status", "fingerprint"])
    step("refill.prepared")
    return True
