"""Events that a customer sends: each is checked by itself, and told what became of it.

Whose events they are is decided by the caller (the API key's workspace) and by nothing that
stands in them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from events import json_values, recording, refusals, registry
from events.cloudevents import reading
from events.cloudevents.reading import CloudEvent
from events.errors import AnotherWorkspace, EventRefused
from events.recording import HasSchema

Status = Literal["accepted", "duplicate", "refused"]
NamesOthers = Callable[[Collection[str]], Collection[str]]


@dataclass(frozen=True)
class Outcome:
    """What became of the event at `index` of the request.

    "accepted" will be stored once, also when it was sent before; "duplicate" stands earlier in
    the same request; "refused" has a `reason` (a word of events/errors.py) and a `message`.
    """

    index: int
    status: Status
    id: str | None = None
    source: str | None = None
    event_id: UUID | None = None
    reason: str | None = None
    message: str | None = None


def take(said: Sequence[Any], *, tenant: HasSchema, names_others: NamesOthers) -> list[Outcome]:
    """Record what is right and say what is wrong, event by event, in their order.

    `said` is what `cloudevents.read` gave; `names_others` picks the texts that name another
    workspace. When this returns, the stream or the spool has the accepted ones. Raises
    EventsNotAccepted: the caller must then say that none was taken; sending all again is safe.
    """
    others = names_others(_subjects(said))
    seen: set[UUID] = set()
    outcomes: list[Outcome] = []
    with recording.batch():
        for index, each in enumerate(said):
            try:
                outcomes.append(_take_one(index, each, tenant=tenant, others=others, seen=seen))
            except EventRefused as refused:
                outcomes.append(_refused(index, each, refused))
        recording.flush()
    return outcomes


def _take_one(
    index: int, said: Any, *, tenant: HasSchema, others: Collection[str], seen: set[UUID]
) -> Outcome:
    try:
        event, properties = _checked(said, others=others)
        event_id = event.event_id(tenant.schema_name)
        if event_id in seen:  # the first one counts, and this one is told if it is wrong
            registry.get(event.type).validated(properties)
            return Outcome(index, "duplicate", event.id, event.source, event_id)
    except EventRefused as refused:
        refusals.count(refused.reason, tenant=tenant.schema_name)
        raise
    recording.record(  # which counts what it refuses itself
        event.type,
        tenant=tenant,
        properties=properties,
        time=event.time,
        id=event_id,
        context=_context(event),
    )
    seen.add(event_id)
    return Outcome(index, "accepted", event.id, event.source, event_id)


def _checked(said: Any, *, others: Collection[str]) -> tuple[CloudEvent, dict[str, Any]]:
    """What recording does not check itself."""
    event = reading.parse(said)
    event_type = registry.get_external(event.type)
    if event.subject in others:
        raise AnotherWorkspace("The subject is another workspace than that of your API key.")
    return event, json_values.properties_of(event_type, event.data)


def _subjects(said: Sequence[Any]) -> set[str]:
    found = (each.get("subject") for each in said if isinstance(each, dict))
    return {subject for subject in found if isinstance(subject, str)}


def _context(event: CloudEvent) -> dict[str, str]:
    said = {"source": event.source, "source_id": event.id}
    return said | {"subject": event.subject} if event.subject else said


def _refused(index: int, said: Any, refused: EventRefused) -> Outcome:
    """Its id and source are given back as far as they can be."""
    known = said if isinstance(said, dict) else {}
    return Outcome(
        index,
        "refused",
        id=_given_back(known.get("id")),
        source=_given_back(known.get("source")),
        reason=refused.reason,
        message=str(refused),
    )


def _given_back(value: Any) -> str | None:
    """A text of the sender's, short enough for an answer, and surely valid Unicode."""
    if not isinstance(value, str):
        return None
    return value[:255].encode(errors="replace").decode()
