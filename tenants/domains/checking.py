"""Looking again and again: is the proof there, is it still there?

A look at DNS takes seconds and holds no lock; what follows from it is decided with the row locked.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from tenants.domains import allowance, dns, letters, service
from tenants.domains.dns import Findings, Proof
from tenants.domains.models import PROOF_GRACE, Because, CustomDomain, State
from tenants.jobs import enqueueing, rows

log = structlog.get_logger()
WHILE_SERVED = timedelta(hours=6)
WHILE_LOST = timedelta(minutes=15)
LONGEST_WAIT = timedelta(hours=1)
WATCHED = timedelta(days=14)  # for a proof that does not come
_CLAIM = timedelta(minutes=5)  # a look that died is taken up after this
_AT_ONCE = 100
_THREADS = 8


def check_due(*, now: datetime | None = None) -> int:
    """Look at every domain whose time has come. Returns how many; safe to run twice at once."""
    now = now or timezone.now()
    rows.each("domains.stop", CustomDomain.objects.filter(stops_at__lte=now), _stop, now=now)
    with transaction.atomic():
        due = list(
            CustomDomain.objects.filter(next_check_at__lte=now)
            .select_for_update(skip_locked=True)
            .order_by("next_check_at")[:_AT_ONCE]
        )
        keys = [claim.pk for claim in due]
        CustomDomain.objects.filter(pk__in=keys).update(next_check_at=now + _CLAIM)
    with ThreadPoolExecutor(_THREADS) as threads:
        looks = [(claim, threads.submit(_look, claim)) for claim in due]
        for claim, look in looks:
            try:
                decide(claim, look.result(), now=now)
            except Exception as error:
                rows.failed("domains.check", claim.pk, error)
    return len(due)


def ask(claim: CustomDomain, *, now: datetime | None = None) -> None:
    """Have a worker look at one domain soon, because somebody asks: a request never waits for DNS.
    Without a broker the next round of the scheduler does it."""
    now = now or timezone.now()
    CustomDomain.objects.filter(pk=claim.pk).update(
        checks=0, watched_until=now + WATCHED, next_check_at=now, asked_at=now
    )
    enqueueing.once_committed("tenants.domains.tasks.check_domains")


def check(claim: CustomDomain, *, now: datetime | None = None) -> CustomDomain:
    """Look at one domain here and now; returns it as it is then. Not in a request: DNS takes seconds."""
    now = now or timezone.now()
    CustomDomain.objects.filter(pk=claim.pk).update(checks=0, watched_until=now + WATCHED)
    return decide(claim, _look(claim), now=now)


def decide(claim: CustomDomain, findings: Findings, *, now: datetime) -> CustomDomain:
    """Write down what was found and what follows from it."""
    with transaction.atomic():
        claim = CustomDomain.objects.select_for_update().select_related("tenant").get(pk=claim.pk)
        claim.found, claim.checked_at, claim.asked_at = findings.stored(), now, None
        claim.checks += 1
        if findings.proof is Proof.FOUND:
            _proved(claim, findings, now=now)
        elif findings.proof is Proof.ABSENT:
            _absent(claim, now=now)
        claim.next_check_at = _next(claim, now=now)
        claim.save()
        service.choose_address(claim.tenant)
    return claim


def _look(claim: CustomDomain) -> Findings:
    return dns.look(claim.name, proof_name=claim.proof_name, proof_value=claim.proof_value)


def _proved(claim: CustomDomain, findings: Findings, *, now: datetime) -> None:
    if claim.state == State.LOST:
        claim.state, claim.lost_at = State.SERVED, None
    if claim.is_served:
        return
    _make_way(claim, findings)
    if not allowance.has_room(claim):
        claim.state, claim.stopped_because = State.STOPPED, Because.PLAN
        return
    try:
        service.begin(claim)
    except service.Taken:
        claim.found["held_by_another"] = True
        return
    claim.proved_at = now
    letters.is_served(claim)


def _make_way(claim: CustomDomain, findings: Findings) -> None:
    """Whoever was served under this name, and whose proof is not there any more, ends at once."""
    others = CustomDomain.objects.filter(name=claim.name, state__in=[State.SERVED, State.LOST])
    for other in others.exclude(pk=claim.pk).select_for_update().select_related("tenant"):
        if other.proof_value not in findings.texts:
            service.end(other, because=Because.OTHER)
            other.next_check_at = None
            other.save()
            service.choose_address(other.tenant)
            letters.has_stopped(other)


def _absent(claim: CustomDomain, *, now: datetime) -> None:
    if claim.state == State.SERVED:
        claim.state, claim.lost_at = State.LOST, now
        letters.proof_is_gone(claim)
    elif claim.state == State.LOST and claim.lost_at and now >= claim.lost_at + PROOF_GRACE:
        service.end(claim, because=Because.PROOF)
        claim.watched_until = now + WATCHED
        letters.has_stopped(claim)


def _stop(claim: CustomDomain, *, now: datetime) -> None:
    """The plan's grace is over."""
    service.end(claim, because=Because.PLAN)
    claim.next_check_at = None
    claim.save()
    service.choose_address(claim.tenant)
    letters.has_stopped(claim)


def _next(claim: CustomDomain, *, now: datetime) -> datetime | None:
    """Soon at first, then ever more rarely; None where only a person makes it go on."""
    if claim.state == State.SERVED:
        return now + WHILE_SERVED
    if claim.state == State.LOST:
        return now + WHILE_LOST
    if claim.stopped_because in {Because.PLAN, Because.OTHER}:
        return None
    if claim.watched_until is None or claim.watched_until <= now:
        return None
    return now + min(timedelta(minutes=2 ** min(claim.checks - 1, 6)), LONGEST_WAIT)
