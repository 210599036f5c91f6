"""How a name stands: what an app declared of it, what staff planned, or that nobody knows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from events import json_values, registry
from events.registry import EventType
from identity.collecting import naming, plan
from identity.collecting.naming import WrongCall
from identity.collecting.snapshot import Snapshot

PLANNED, UNPLANNED, VIOLATION, BLOCKED = "planned", "unplanned", "violation", "blocked"


@dataclass(frozen=True)
class Standing:
    """`word`: what an event's context says of it. `declared`: by an app, which alone knows such events as
    they were declared, so that others are refused. `is_counted`: on the page of names."""

    word: str
    plan: plan.Plan | None = None
    declared: EventType | None = None
    is_counted: bool = True

    @cached_property
    def is_simple(self) -> bool:
        """Whether there is nothing to look at in an event."""
        return self.word != BLOCKED and self.plan is None and self.declared is None

    def validated(self, properties: dict[str, Any]) -> dict[str, Any]:
        """As the app declared them, if one did. Raises WrongProperty."""
        if self.declared is None:
            return properties
        exact = {name: _exact(value) for name, value in properties.items()}
        return self.declared.validated(json_values.properties_of(self.declared, exact))

    def objection(self, properties: Mapping[str, Any]) -> str:
        """What staff's plan has against them, in words."""
        return plan.objection(self.plan, properties) if self.plan else ""


def _exact(value: Any) -> Any:
    """A fraction as it was written: JSON knows one kind of number, and our types three."""
    return Decimal(repr(value)) if type(value) is float else value


def of(name: str, snapshot: Snapshot) -> Standing:
    """Of the name of a track. Raises WrongCall for one that no track may have."""
    if registry.is_registered(name):
        declared = registry.get(name)
        if not declared.external:
            raise WrongCall("reserved_name", f"“{name}” is recorded by this installation alone.")
        return Standing(PLANNED, declared=declared, is_counted=False)
    if name in naming.NAMES.values():
        raise WrongCall("reserved_name", f"“{name}” is what another call becomes, not a track.")
    if name in snapshot.blocked:
        return Standing(BLOCKED)
    planned = snapshot.planned.get(name)
    return Standing(UNPLANNED) if planned is None else Standing(PLANNED, plan=planned)
