"""Removes a workspace for good, once its days of grace are over, and leaves a receipt.

Steps, each safe to repeat; what a step has removed is noted with it, so that whoever goes on after a
crash counts on:

1. begun: nobody gets in any more (addresses, API keys, invitations); the receipt is opened.
2. files: its uploads, and the archives that were made of it.
3. events: raw, summed up, in archived files; of people who are in no other workspace also what they
   did on the site.
4. finished, in one transaction: the schema, every shared row that is the workspace's, those people;
   the receipt is sealed. What tax law wants (statements and invoices) stays, and with it the row of
   the workspace without name and address.
5. mailed: the owners get the receipt. An hour later, events that were still on their way are removed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import uuid4

import structlog
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.files.storage import storages
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models, transaction
from django.db.models.deletion import ProtectedError
from django.utils import timezone
from psycopg.sql import SQL, Identifier

from events import readers
from events.models import OutboxEvent
from events.steps import step
from events.store import StoreUnavailable, get_store
from identity.models import Person, PersonAlias, User
from tenants import letters
from tenants.archive import exports, tables
from tenants.archive.turns import only_one
from tenants.domains.models import CustomDomain
from tenants.jobs import rows
from tenants.life import after_purge
from tenants.models import (
    ApiKey,
    AuditEntry,
    Domain,
    Invitation,
    JoinDomain,
    KeptOut,
    Status,
    Tenant,
    Tombstone,
)
from tenants.models.archives import PurgeReceipt
from tenants.signals import purge_requested, workspace_purged
from tenants.storage import files_of, remove_folder

log = structlog.get_logger()
_WHY_KEPT = {
    "tenants.PurgeReceipt": "this receipt",
}
_ACCESS: tuple[Any, ...] = (Domain, CustomDomain, ApiKey, Invitation, JoinDomain, KeptOut)


class NotDue(Exception):
    """The workspace is not deleted, or its days of grace are not over."""


class MustWait(RuntimeError):
    """Something that will be gone is still needed; the purge is tried again. The message says what."""


def keep(label: str, *, why: str) -> None:
    """Rows of this model ("app.Model") are not removed with their workspace; `why` is for people."""
    _WHY_KEPT[label] = why


def due(*, now: datetime | None = None) -> list[Tenant]:
    """Workspaces whose grace is over, and those whose purge was interrupted; oldest first."""
    over = models.Q(status=Status.DELETED, purge_after__lte=now or timezone.now())
    found = Tenant.objects.filter(over | models.Q(status=Status.PURGING))
    return list(found.order_by("purge_after"))


def purge_due(*, now: datetime | None = None) -> int:
    """Purge all that are due; what fails is tried again. Returns how many were finished."""
    finished = 0
    for tenant in due(now=now):
        try:
            finished += purge(tenant, now=now) is not None
        except (StoreUnavailable, OSError) as error:
            log.warning("purge_waits", tenant=str(tenant.pk), error=str(error))
        except Exception as error:
            rows.failed("purge.workspace", tenant.pk, error)
    after_purge.tend(now=now)
    return finished


def purge(tenant: Tenant, *, now: datetime | None = None) -> PurgeReceipt | None:
    """Purge, or go on with it. None: somebody else is at it. Call it outside of transactions.

    Raises NotDue, MustWait, StoreUnavailable, and what a storage raises; then call it again.
    """
    now = now or timezone.now()
    with only_one(f"purge {tenant.pk}") as is_mine:
        if not is_mine:
            return None
        receipt = _begin(tenant, now)
        if receipt.hash:
            return receipt
        step("purge.begun")
        _noted(receipt, "files", lambda: _count_files(tenant))
        _remove_files(tenant)
        step("purge.files")
        _noted(receipt, "events", lambda: _remove_events(tenant))
        step("purge.events")
        _finish(receipt, tenant, now)
        step("purge.finished")
    after_purge.mail(receipt)
    step("purge.mailed")
    return receipt


@transaction.atomic
def _begin(tenant: Tenant, now: datetime) -> PurgeReceipt:
    row = Tenant.with_purged.select_for_update().get(pk=tenant.pk)
    receipt = PurgeReceipt.objects.for_tenant(row).first()
    if receipt is not None:
        return receipt
    if row.status != Status.DELETED or row.purge_after is None or row.purge_after > now:
        raise NotDue(f"{row.slug} is {row.get_status_display().lower()}.")
    purge_requested.send(sender=Tenant, tenant=row)
    row.status = Status.PURGING
    row.save(update_fields=["status"])
    owners = [] if row.held else letters.owners_of(row)
    mail_to = [{"to": owner.email, "name": row.name} for owner in owners]
    hosts = list(Domain.objects.filter(tenant=row).values_list("domain", flat=True))
    Tombstone.set_for([host for host in hosts if host.endswith(f".{settings.APP_DOMAIN}")])
    gone = {model._meta.label: model.objects.filter(tenant=row).delete()[0] for model in _ACCESS}
    return PurgeReceipt.objects.create(
        tenant=row, begun_at=now, mail_to=mail_to, counted={"access": gone, "hosts": hosts}
    )


def _noted(receipt: PurgeReceipt, name: str, work: Callable[[], dict[str, int]]) -> None:
    """Do a step that is not noted as done. One that was interrupted counts what was left."""
    if name not in receipt.counted:
        receipt.counted[name] = work()
        receipt.save(update_fields=["counted"])


def _count_files(tenant: Tenant) -> dict[str, int]:
    """Before the first one goes: a purge that is interrupted still knows how many there were."""
    storage = storages["workspaces"]
    sizes = [storage.size(name) for name in files_of(tenant.schema_name)]
    return {"files": len(sizes), "bytes": sum(sizes), "exports": tenant.exports.count()}


def _remove_files(tenant: Tenant) -> None:
    for made in tenant.exports.all():
        exports.storage().delete(made.stored_as)
    for name in files_of(tenant.schema_name):
        storages["workspaces"].delete(name)
        step("purge.one-file")
    remove_folder(tenant.schema_name)


def _remove_events(tenant: Tenant) -> dict[str, int]:
    OutboxEvent.objects.filter(payload__contains=f'"{tenant.schema_name}"').delete()
    erasing = get_store().erasing
    of_workspace = erasing.workspace(tenant.schema_name)
    persons = list(Person.objects.filter(user__in=_leaving(tenant)))
    browsers = PersonAlias.objects.filter(person__in=persons).values_list("pk", flat=True)
    people = [each.pk for each in persons], [str(pk) for pk in browsers]
    readers.erase(tenant.schema_name, *people)
    of_people = erasing.people(*people)
    return {
        "events": of_workspace.events,
        "rollup_rows": of_workspace.projected,
        "archived_events": of_workspace.archived + of_people.archived,
        "events_of_people_on_the_site": of_people.events,
    }


def _leaving(tenant: Tenant) -> models.QuerySet[User]:
    """Members who are in no other workspace and do not work here: their account has no purpose left."""
    members = User.objects.filter(memberships__tenant=tenant, is_staff=False, is_superuser=False)
    elsewhere = models.Q(memberships__tenant__isnull=False) & ~models.Q(memberships__tenant=tenant)
    others = User.objects.filter(elsewhere).values("pk")
    return members.filter(groups=None).exclude(pk__in=others)


@transaction.atomic
def _finish(receipt: PurgeReceipt, tenant: Tenant, now: datetime) -> None:
    row = Tenant.objects.select_for_update().get(pk=tenant.pk)
    workspace_purged.send(sender=Tenant, tenant=row)
    removed: dict[str, Any] = {**receipt.counted["access"], "tables": _drop_schema(row)}
    removed["audit_log_sha256"] = _hash_of_audit_log(row)
    removed["people"], removed["sessions"] = _remove_people(row, receipt.counted.pop("hosts"))
    removed |= _remove_rows(row)
    step("purge.rows")
    body = {
        "receipt": str(receipt.pk),
        "workspace": str(row.pk),
        "created_at": row.created_at,
        "deleted_at": row.deleted_at,
        "purged_at": now,
        "removed": {**receipt.counted["files"], **receipt.counted["events"], **removed},
        "kept": _kept(row),
    }
    _leave_only_the_key(row, now)
    receipt.body = json.loads(json.dumps(body, cls=DjangoJSONEncoder))
    receipt.hash = digest(receipt.body)
    receipt.finished_at, receipt.counted = now, {}
    receipt.save()
    log.info("workspace_purged", tenant=str(row.pk), receipt=str(receipt.pk), hash=receipt.hash)


def digest(body: dict[str, Any]) -> str:
    """SHA-256 over a receipt's body as JSON with sorted keys and no spaces, in hex."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _drop_schema(tenant: Tenant) -> dict[str, int]:
    with connection.cursor() as cursor:
        found = tables.of(cursor, tenant.schema_name)
        counts = {table: tables.count(cursor, tenant.schema_name, table) for table in found}
        cursor.execute(
            SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(tenant.schema_name))
        )
    return counts


def _hash_of_audit_log(tenant: Tenant) -> str:
    """What the log said can be proved with a copy of it (an export has one), and read no more."""
    sums = hashlib.sha256()
    log_ = AuditEntry.objects.for_tenant(tenant).order_by("pk")
    for row in log_.iterator(chunk_size=500):
        entry = (row.pk, row.at, row.who, row.action, row.target)  # as an export has it
        sums.update(json.dumps(entry, cls=DjangoJSONEncoder).encode() + b"\n")
    return sums.hexdigest()


def _remove_people(tenant: Tenant, hosts: list[str]) -> tuple[int, int]:
    """Accounts of those who are nowhere else; sessions of theirs, and on the workspace's own domains."""
    removed = 0
    leaving = {str(pk) for pk in _leaving(tenant).values_list("pk", flat=True)}
    sessions = [
        session.pk
        for session in Session.objects.iterator(chunk_size=500)
        if (said := session.get_decoded()).get("_auth_user_id") in leaving
        or said.get("_host") in hosts
    ]
    for user in _leaving(tenant):
        with suppress(ProtectedError), transaction.atomic():
            Person.objects.filter(user=user).delete()
            user.delete()
            removed += 1
    return removed, Session.objects.filter(pk__in=sessions).delete()[0]


def _remove_rows(tenant: Tenant) -> dict[str, int]:
    """Every row that refers to the workspace and would go with it, whatever app it is of."""
    removed: dict[str, int] = {}
    for relation, found in _referring(tenant):
        label = relation.related_model._meta.label
        if relation.on_delete is models.CASCADE and label not in _WHY_KEPT:
            for each, count in found.delete()[1].items():
                removed[each] = removed.get(each, 0) + count
    return removed


def _kept(tenant: Tenant) -> list[dict[str, Any]]:
    kept = []
    for relation, found in _referring(tenant):
        label = relation.related_model._meta.label
        if count := found.count():
            why = _WHY_KEPT.get(label, "others refer to it")
            kept.append({"what": label, "rows": count, "why": why})
    return kept


def _referring(tenant: Tenant) -> Iterator[tuple[Any, Any]]:
    """Each relation to the workspace with its rows."""
    for relation in Tenant._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete:
            found: Any = relation
            manager = found.related_model._base_manager
            yield found, manager.filter(**{found.field.name: tenant})


def _leave_only_the_key(tenant: Tenant, now: datetime) -> None:
    tenant.name, tenant.slug = "Purged workspace", f"purged-{uuid4().hex[:20]}"
    tenant.time_zone, tenant.intent, tenant.template = "UTC", "", ""
    tenant.created_by, tenant.suspended_because = None, ""
    tenant.purged_at = now
    tenant.save()
