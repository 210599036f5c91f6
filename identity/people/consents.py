"""Consent of people by purpose: since when, said where, having read which words."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from events.event import Event
from identity.models import PurposeConsent
from identity.people import subjects


def note(event: Event) -> None:
    """Keep what an event "Consent Changed" says, of the person, or of the browser alone."""
    subject = event.person
    if subject is None and event.anonymous_id:
        subject = subjects.browser(event.anonymous_id)
    if subject is None:
        return  # somebody who is nobody to us, and stays so
    said = event.properties
    row = PurposeConsent(
        subject=subject, purpose=str(said["purpose"])[:40], given=said["given"] is True,
        at=event.time, where=str(said["where"])[:200], words=str(said["words"]), event=event.id,
    )  # fmt: skip
    PurposeConsent.objects.bulk_create([row], ignore_conflicts=True)


def of(who: Collection[UUID]) -> list[PurposeConsent]:
    """All that these subjects have said, the newest first."""
    return list(PurposeConsent.objects.filter(subject__in=who).order_by("-at", "-id")[:100])
