"""What becomes of a name that no app registered: planned, blocked or left open; the log keeps by whom."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

import events
from identity.event_types import EVENT_NAME_DECIDED
from identity.models import EventName, User
from identity.persons import person_of


@transaction.atomic
def decide(name: EventName, *, state: str, properties: Mapping[str, str], by: User) -> None:
    """Collectors know within seconds. `properties` is a plan (`collecting.plan`)."""
    name.state, name.properties = state, dict(properties)
    name.save(update_fields=["state", "properties"])
    events.record_with_row(
        EVENT_NAME_DECIDED.name,
        person=person_of(by),
        properties={"name": name.name, "state": state},
    )
