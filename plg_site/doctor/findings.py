"""What a check says."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field


class Level(enum.StrEnum):
    """How bad it is. Only a problem makes a deployment stop."""

    FINE = "fine"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """One line: what is, and what to do (empty where it is fine). `facts` are for machines."""

    level: Level
    says: str
    do: str = ""
    facts: dict[str, object] = field(default_factory=dict)


def fine(says: str, **facts: object) -> Finding:
    return Finding(Level.FINE, says, facts=facts)


def warning(says: str, do: str, **facts: object) -> Finding:
    return Finding(Level.WARNING, says, do, facts)


def problem(says: str, do: str, **facts: object) -> Finding:
    return Finding(Level.PROBLEM, says, do, facts)
