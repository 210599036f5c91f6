"""What a workspace starts with: named templates, picked by what the person came for.

A product lists them in `<PRODUCT_APP>.templates`:

    TEMPLATES = (Template("standard", furnish=seed.standard), Template("campaign", ...))
    QUESTION = "What brings you here?"  # "" asks nothing

The first one is for everybody who has not said anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.conf import settings


@dataclass(frozen=True)
class Template:
    """`furnish` fills the current schema, whose tables are empty, before anybody owns it.

    It runs in the background for each schema of the pool, inside the transaction that makes it, and
    should take milliseconds. `answer` is what a person says who wants this template: one of the
    answers to the onboarding question, or "" for none. `plans` are keys of plans picked on the price
    list, `events` keys of events attended (`?event=` of the link to the sign-up).
    """

    name: str
    furnish: Callable[[], None]
    answer: str = ""
    plans: Sequence[str] = ()
    events: Sequence[str] = ()


@dataclass(frozen=True)
class Intent:
    """What is known of why somebody signs up; "" where it is not."""

    plan: str = ""
    event: str = ""
    answer: str = ""  # the name of the template whose `answer` was picked


def _nothing() -> None:
    pass


# Tables without a row: for what brings its own content, such as an import. It has no pool.
EMPTY = Template("empty", furnish=_nothing)


class TemplateError(Exception):
    """The product's templates contradict themselves; the message says how."""


def listed() -> Sequence[Template]:
    """The product's templates, the one for everybody first. Raises TemplateError."""
    found: Sequence[Template] = _product().TEMPLATES
    names = [each.name for each in found]
    if not found:
        raise TemplateError("TEMPLATES is empty.")
    if len(set(names)) < len(names) or EMPTY.name in names:
        raise TemplateError(f"Each needs a name of its own, and none is called {EMPTY.name!r}.")
    if too_long := [name for name in names if not 0 < len(name) <= 40]:
        raise TemplateError(f"A name has 1 to 40 characters: {too_long}.")
    return found


def get(name: str) -> Template:
    """The template of this name; of one that is no longer listed, the one for everybody."""
    if name == EMPTY.name:
        return EMPTY
    found = listed()
    return next((each for each in found if each.name == name), found[0])


def choose(intent: Intent) -> Template:
    """What fits: the person's own answer before the event they attended, that before the plan."""
    found = listed()
    fitting = [
        *(each for each in found if each.answer and each.name == intent.answer),
        *(each for each in found if intent.event in each.events),
        *(each for each in found if intent.plan in each.plans),
    ]
    return fitting[0] if fitting else found[0]


def question() -> str:
    """The one question of the sign-up; "" where the product asks nothing."""
    return str(getattr(_product(), "QUESTION", "")) if answers() else ""


def answers() -> list[tuple[str, str]]:
    """The possible answers, as names of templates with their words."""
    return [(each.name, each.answer) for each in listed() if each.answer]


def _product() -> Any:
    return import_module(f"{settings.PRODUCT_APP}.templates")
