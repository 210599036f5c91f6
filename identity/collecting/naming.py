"""What an event of a call is called, and its properties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from identity.collecting.calls import Call

PAGE, SCREEN = "Page Viewed", "Screen Viewed"
PERSON, GROUP, ALIAS = "Person Described", "Group Described", "Person Aliased"
NAMES = {"page": PAGE, "screen": SCREEN, "identify": PERSON, "group": GROUP, "alias": ALIAS}
LONGEST = 200  # characters of a name


class WrongCall(ValueError):
    """The call cannot become an event. Carries a `reason`, a word for machines."""

    def __init__(self, reason: str, words: str) -> None:
        super().__init__(words)
        self.reason = reason


def name_of(call: Call) -> str:
    """The caller's own name for a track, ours for all others. Raises WrongCall."""
    if call.type != "track":
        if (ours := NAMES.get(call.type) if isinstance(call.type, str) else None) is None:
            raise WrongCall(
                "unknown_type",
                f"“{str(call.type)[:40]}” is no call: {', '.join(['track', *NAMES])}.",
            )
        return ours
    return checked(call.event)


def checked(said: Any) -> str:
    """The name that a track says. Raises WrongCall."""
    name = said.strip() if isinstance(said, str) else ""
    if not name:
        raise WrongCall("no_name", "A track needs the name of its event, a text.")
    if len(name) > LONGEST or not name.isprintable():
        raise WrongCall("wrong_name", f"An event's name is a line of at most {LONGEST} characters.")
    return name


def properties_of(call: Call, context: Mapping[str, Any]) -> dict[str, Any]:
    """Properties of track, page and screen, traits of identify and group. Raises WrongCall."""
    if call.type in ("identify", "group"):
        found = an_object(call.traits, "traits")
        # rudder-sdk-python says the traits of an identify in its context alone
        return found or (
            an_object(context.get("traits"), "traits") if call.type == "identify" else found
        )
    if call.type == "alias":
        return {}
    found = an_object(call.properties, "properties")
    if call.type == "track":
        return found
    for name in ("name", "category"):
        if (value := getattr(call, name)) is not None:
            found.setdefault(name, value)
    if call.type == "page":
        page = context.get("page")
        page = page if isinstance(page, dict) else {}
        for name in ("path", "title", "referrer"):  # as every visit has them
            value = found.get(name) or page.get(name)
            found[name] = value if isinstance(value, str) else ""
    return found


def an_object(said: Any, what: str) -> dict[str, Any]:
    """Nothing is an empty one. Raises WrongCall."""
    if said is None:
        return {}
    if not isinstance(said, dict):
        raise WrongCall("wrong_shape", f"{what} must be a JSON object.")
    return said
