"""What a key of the API may do: chosen when it is made, asked at every call.

An operation that reads needs READ, every other one WRITE, unless it says so itself by `needs`.
`plg_site.workspace_api.scopes` goes over all operations, and a test says of each which one it needs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import TextChoices

View = TypeVar("View", bound=Callable[..., Any])


class Scope(TextChoices):
    READ = "read", "Read links, files and usage"
    WRITE = "write", "Make, change and delete them"
    EVENTS = "events", "Send events"


ALL = tuple(scope.value for scope in Scope)


def all_scopes() -> list[str]:
    """What a key from before there were scopes has."""
    return list(ALL)


class ScopeMissing(Exception):
    """The key is good, and not for this; `scope` is what it would need."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        super().__init__(
            f"This key may not do that: it lacks the scope “{scope.value}”. Make one that has it, "
            "under API keys in the workspace."
        )


def needs(scope: Scope) -> Callable[[View], View]:
    """Mark an operation whose scope does not follow from its method."""

    def mark(view: View) -> View:
        view.scope = scope  # type: ignore[attr-defined]
        return view

    return mark
