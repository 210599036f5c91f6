"""What we hold about one person, as JSON for that person (GDPR, articles 15 and 20)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.utils import timezone

from events.store import StoreUnavailable, get_store
from identity import reached
from identity.models import Person, User
from identity.signals import own_data_asked
from identity.signing_in import sign_ins

MOST_EVENTS = 10_000  # the newest ones


def of(user: User, *, now: datetime | None = None) -> dict[str, Any]:
    """Profile, addresses, sign-ins, choices and events; upper layers add their sections.

    Times are ISO 8601. When the event store is away, `events` is null and the rest is there.
    """
    person = Person.objects.filter(user=user).first()  # to look makes none
    data: dict[str, Any] = {
        "made_at": now or timezone.now(),
        "profile": {
            "id": str(user.pk),
            "person_id": str(person.pk) if person else None,
            "name": user.name,
            "email": user.email,
            "time_zone": user.time_zone,
            "reached_by": _reached_by(person),
            "joined_at": user.date_joined,
            "last_sign_in_at": user.last_login,
        },
        "addresses": list(
            EmailAddress.objects.filter(user=user).values("email", "verified", "primary")
        ),
        "sign_ins": [
            {
                "began_at": each.began_at,
                "seen_at": each.seen_at,
                "ip": each.ip,
                "browser": each.user_agent,
                "host": each.host,
            }
            for each in sign_ins.of(user)
        ],
    }
    answers: Any = own_data_asked.send(sender=User, user=user)
    for _, sections in answers:
        data |= sections
    return data | {"events_at_most": MOST_EVENTS, "events": _events(person) if person else []}


def _reached_by(person: Person | None) -> dict[str, dict[str, str]]:
    """What is known, and how."""
    if person is None:
        return {}
    return {
        name: {"value": getattr(person, name), "from": getattr(person, f"{name}_from")}
        for name in reached.FIELDS
    }


def _events(person: Person) -> list[dict[str, Any]] | None:
    """What they did, the newest first; null while the store is away."""
    try:
        found = get_store().find(person=person.pk, newest_first=True, limit=MOST_EVENTS)
    except StoreUnavailable:
        return None
    return [
        {
            "id": str(event.id),
            "name": event.name,
            "time": event.time,
            "workspace": event.tenant,
            "properties": event.properties,
        }
        for event in found
    ]
