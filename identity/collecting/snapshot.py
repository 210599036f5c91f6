"""What a collector knows of sources and plans without asking anybody: read now and then, kept in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from identity.collecting.plan import Plan
from identity.models import EventName, Source

_MOST = 10_000  # rows of each


@dataclass(frozen=True)
class Known:
    """A source. `is_trusted`: nobody but the company has its key, so it may speak for any person."""

    id: UUID
    name: str
    kind: str
    is_trusted: bool


@dataclass(frozen=True)
class Snapshot:
    """`by_hash`: sources by what is kept of their key. `planned`, `blocked`: names that staff decided on."""

    by_hash: Mapping[str, Known] = field(default_factory=dict)
    planned: Mapping[str, Plan] = field(default_factory=dict)
    blocked: Collection[str] = frozenset()


def load() -> Snapshot:
    """As the database has it now. Raises what the database raises."""
    rows = Source.objects.filter(ended_at=None).order_by("created_at")
    names = EventName.objects.exclude(state=EventName.State.UNPLANNED).order_by("pk")[:_MOST]
    said = [(each.name, each.state, each.properties) for each in names]
    return Snapshot(
        by_hash={row.key_hash: _known(row) for row in rows[:_MOST]},
        planned={name: plan for name, state, plan in said if state == EventName.State.PLANNED},
        blocked=frozenset(name for name, state, _ in said if state == EventName.State.BLOCKED),
    )


def _known(row: Source) -> Known:
    is_trusted = row.kind in (Source.Kind.SERVER, Source.Kind.IMPORT)
    return Known(row.pk, row.name, row.kind, is_trusted)
