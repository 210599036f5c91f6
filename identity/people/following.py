"""Follows the log: what was said of people, and whose browsers are, becomes what we know of persons.

By these rules ([why](../../docs/decisions/0046-one-person.md)), in whatever order events come:
- who said it decides what is believed (`precedence`);
- a browser speaks for itself; only a server (or an import) says whose it is, and only browsers are ever
  given to somebody by what is told: two persons are joined by a proof or by staff (`merging`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from events.event import Event
from events.readers import Reader
from identity import event_types
from identity.models import User
from identity.people import attributes, bindings, consents, merging, subjects
from identity.people.precedence import Source

KIND = "source_kind"  # in the context of what was collected: which kind of source said it
USER, PREVIOUS = "user_id", "previous_id"
_SOURCES: Final[Mapping[str, Source]] = {
    "server": Source.SERVER,
    "import": Source.IMPORT,
    "app": Source.APP,
}
_TRUSTED = {Source.SERVER, Source.IMPORT}


def handle(events: Sequence[Event], session: Any) -> None:
    """A batch, in the transaction of its position (see events.readers.Reader)."""
    changed: set[UUID] = set()
    told: list[bindings.Told] = []
    for event in events:
        source = _SOURCES.get(str(event.context.get(KIND, "")), Source.BROWSER)
        if event.name == event_types.PERSON_DESCRIBED.name:
            changed |= _describe(event, source)
        elif event.name == event_types.CONSENT_CHANGED.name:
            consents.note(event)
        elif event.name == event_types.PERSON_IDENTIFIED.name:
            changed |= {event.person} if event.person else set()
        elif event.name == event_types.EMAIL_VERIFIED.name and event.person:
            changed |= _joined_by_proof(event.person)
        if source in _TRUSTED and event.person and event.context.get(USER):
            told += _told(event, event.person)
    changed |= bindings.tell(told)
    attributes.refresh(changed)


def reader() -> Reader:
    return Reader("persons", handle, names={each.name for each in event_types.OF_PERSONS})


def _describe(event: Event, source: Source) -> set[UUID]:
    """Keep the traits for whom they are about."""
    subject = event.person
    if subject is None and event.anonymous_id:
        subject = subjects.browser(event.anonymous_id)
    if subject is None:
        return set()
    attributes.say(subject, event.properties, source=source, at=event.time, event=event.id)
    return {subject}


def _told(event: Event, person: UUID) -> list[bindings.Told]:
    """Whose browsers a server tells: that of an identify, the earlier name of an alias."""
    names = {
        event_types.PERSON_DESCRIBED.name: event.anonymous_id,
        event_types.PERSON_ALIASED.name: str(event.context.get(PREVIOUS) or ""),
    }
    browser = names.get(event.name)
    return [bindings.Told(browser, person, event.time, event.id)] if browser else []


def _joined_by_proof(person: UUID) -> set[UUID]:
    user = User.objects.filter(person=person, is_active=True).first()
    if user is None or not user.has_verified_email:
        return set()
    return {made.kept_id for made in merging.by_proved_address(user)}
