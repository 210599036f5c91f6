"""What staff planned of a name: which properties an event of it has, and of what kind.

A plan is a mapping of a property to "text", "number", "flag" or "any"; a question mark at the end says
that it may be missing. It is written a property a line, `seats: number?`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KINDS = ("text", "number", "flag", "any")
MOST = 100  # properties
LONGEST = 100  # characters of a property's name
Plan = Mapping[str, str]


class NotAPlan(ValueError):
    """The text is no plan. Says which line, and why."""


def read(text: str) -> dict[str, str]:
    """The plan of its lines. Raises NotAPlan."""
    plan: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, colon, kind = (part.strip() for part in line.rpartition(":"))
        if not colon or not name or kind.removesuffix("?") not in KINDS:
            raise NotAPlan(
                f"“{line[:60]}” should be like “seats: number?”, with {', '.join(KINDS)}."
            )
        if len(name) > LONGEST or not name.isprintable():
            raise NotAPlan(f"“{line[:60]}”: a property's name has at most {LONGEST} characters.")
        if name in plan:
            raise NotAPlan(f"“{name}” stands twice.")
        plan[name] = kind
    if len(plan) > MOST:
        raise NotAPlan(f"A plan has at most {MOST} properties.")
    return plan


def written(plan: Plan) -> str:
    """The plan as people write it."""
    return "\n".join(f"{name}: {kind}" for name, kind in plan.items())


def guessed(example: Mapping[str, Any]) -> dict[str, str]:
    """A plan that an event with these properties would fit."""
    names = [each for each in example if each.isprintable() and 0 < len(each.strip()) <= LONGEST]
    return {name.strip(): _kind(example[name]) for name in names[:MOST]}


def objection(plan: Plan, properties: Mapping[str, Any]) -> str:
    """What is wrong with these properties, in words; "" for nothing."""
    if not plan:
        return ""
    for name, kind in plan.items():
        value = properties.get(name)
        if value is None:
            if not kind.endswith("?"):
                return f"The property “{name}” is missing."
            continue
        wanted = kind.removesuffix("?")
        if wanted != "any" and _kind(value) != wanted:
            return f"The property “{name}” must be {_WORDS[wanted]}."
    if extra := properties.keys() - plan.keys():
        return f"The property “{min(extra)[:60]}” is not planned."
    return ""


_WORDS = {"text": "a text", "number": "a number", "flag": "true or false"}


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else "any"
