"""The proof that a mail domain is the workspace's to open: a TXT record, as for a domain of its own.

No list knows every provider where everybody gets an address, so that a member has one at a domain
says nothing about whose it is. DNS does: only who runs the domain can put our token there.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from tenants import audit, letters, workspace_url
from tenants.domains import dns
from tenants.domains.dns import Proof
from tenants.domains.models import PROOF_GRACE, PROOF_LABEL, CustomDomain
from tenants.jobs import enqueueing, rows
from tenants.models import JoinDomain, Tenant

log = structlog.get_logger()
WHILE_PROVED = timedelta(hours=24)
LONGEST_WAIT = timedelta(hours=1)
WATCHED = timedelta(days=14)  # for a proof that does not come
_CLAIM = timedelta(minutes=5)  # a look that died is taken up after this
_AT_ONCE = 25


def name_of(door: JoinDomain) -> str:
    """Where the TXT record stands."""
    return f"{PROOF_LABEL}.{door.domain}"


def value_of(door: JoinDomain) -> str:
    """What it says."""
    return f"plg-proof={door.token}"


def token_for(tenant: Tenant, domain: str) -> str:
    """One record is enough for somebody who serves the workspace under the same name."""
    claim = CustomDomain.objects.for_tenant(tenant).filter(name=domain).first()
    return claim.token if claim else secrets.token_hex(16)


def ask(door: JoinDomain, *, now: datetime | None = None) -> None:
    """Have a worker look soon. Without a broker the next round of the scheduler does."""
    now = now or timezone.now()
    JoinDomain.objects.filter(pk=door.pk).update(
        next_check_at=now, watched_until=now + WATCHED, checks=0
    )
    enqueueing.once_committed("tenants.tasks.check_doors")


def check_due(*, now: datetime | None = None) -> int:
    """Look for every proof whose time has come, a bounded number; returns for how many."""
    now = now or timezone.now()
    rows.each("doors.warn", _unwarned(now), _warn, now=now)
    with transaction.atomic():
        due = list(
            JoinDomain.objects.filter(next_check_at__lte=now)
            .select_for_update(skip_locked=True)
            .order_by("next_check_at")[:_AT_ONCE]
        )
        keys = [door.pk for door in due]
        JoinDomain.objects.filter(pk__in=keys).update(next_check_at=now + _CLAIM)
    for door in due:  # a look takes seconds and holds no lock
        try:
            proof, texts = dns.proof(name_of(door), value_of(door))
            decide(door, proof, texts, now=now)
        except Exception as error:
            rows.failed("doors.check", door.pk, error)
    return len(due)


@transaction.atomic
def decide(door: JoinDomain, proof: Proof, texts: list[str], *, now: datetime) -> None:
    """Write down what was found and what follows from it."""
    found = JoinDomain.objects.select_for_update().select_related("tenant").filter(pk=door.pk)
    held = found.first()
    if held is None:
        return  # switched off meanwhile
    held.checked_at, held.checks = now, held.checks + 1
    held.found = {"proof": proof, "texts": [text[:200] for text in texts[:5]]}
    if proof is Proof.FOUND and held.proved_at is None:
        held.proved_at, held.open_until, held.warned_at = now, None, None
        audit.note(held.tenant, "join_domain.proved", by=None, target=held.domain)
    elif proof is Proof.ABSENT and held.proved_at is not None:
        held.proved_at, held.open_until = None, now + PROOF_GRACE
        held.watched_until = now + WATCHED
        audit.note(held.tenant, "join_domain.proof_lost", by=None, target=held.domain)
    held.next_check_at = _next(held, now=now)
    held.save()


def _next(door: JoinDomain, *, now: datetime) -> datetime | None:
    if door.proved_at is not None:
        return now + WHILE_PROVED
    if door.watched_until is None or door.watched_until <= now:
        return None
    return now + min(timedelta(minutes=2 ** min(door.checks - 1, 6)), LONGEST_WAIT)


def _unwarned(now: datetime):  # type: ignore[no-untyped-def]
    return JoinDomain.objects.filter(proved_at=None, warned_at=None, open_until__gt=now)


def _warn(door: JoinDomain, *, now: datetime) -> None:
    door.warned_at = now
    door.save(update_fields=["warned_at"])
    tenant = door.tenant
    letters.tell(
        letters.owners_of(tenant),
        "tenants.door_unproved",
        tenant=tenant,
        unproved_domain=door.domain,
        day=f"{door.open_until:%-d %B %Y}",
        record_name=name_of(door),
        record_value=value_of(door),
        members_url=workspace_url(tenant, "/members/"),
    )
