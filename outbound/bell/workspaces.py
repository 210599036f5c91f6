"""What the layer above knows: whose workspaces somebody sees, what they are called, where they are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from django.db.models import QuerySet

from identity.models import User


@dataclass(frozen=True)
class Shown:
    """`url` without a final slash, like "https://acme.example"."""

    name: str
    url: str


class Workspaces(Protocol):
    def of(self, user: User) -> QuerySet[Any, Any]:
        """The ids (one column) of those that this user may look into now; it becomes a subquery."""

    def shown(self, ids: Collection[UUID]) -> Mapping[UUID, Shown]:
        """Those of them that there are."""


_registered: list[Workspaces] = []


def register(workspaces: Workspaces) -> None:
    """Ask this one; a later one takes its place."""
    _registered[:] = [workspaces]


def known() -> Workspaces:
    """Raises IndexError where nobody has registered: then there are no workspaces to be in."""
    return _registered[0]
