"""What a comparer is, and the list of them: two that should say the same, and where they do not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from tenants.models import Tenant


@dataclass(frozen=True)
class Scope:
    """What is compared: periods that touch the span from `start` to `end`, of a workspace or (None) all."""

    start: datetime
    end: datetime
    now: datetime
    tenant: Tenant | None = None


@dataclass(frozen=True, kw_only=True)
class Found:
    """A difference, to the unit. `key` names it within its comparer and workspace, whenever it is found;
    `schema` is the workspace's, where the comparer looks at all of them at once."""

    key: str
    what: str
    expected: Decimal | int | None = None
    found: Decimal | int | None = None
    unit: str = ""
    meter: str = ""
    period_start: datetime | None = None
    period_end: datetime | None = None
    schema: str | None = None

    @property
    def words(self) -> str:
        """Like "clicks, 1 Mar 2026: charged 235, should be 240 usd"."""
        if self.expected is None and self.found is None:
            return self.what
        unit = f" {self.unit}" if self.unit else ""
        return f"{self.what}: {_number(self.found)}, should be {_number(self.expected)}{unit}"


@dataclass(frozen=True)
class Comparer:
    """`of_one` compares a workspace; `of_all` all of them (or the scope's one) in one go, which is split
    into steps: one that fails does not end the others. `concerns` says which of some workspaces (ids) may
    differ, in a question about all of them together: only these are compared one by one, which names what
    differs. Where it fails, each is."""

    key: str
    of_one: Callable[[Tenant, Scope], Iterator[Found]] | None = None
    concerns: Callable[[Scope, Collection[UUID]], Collection[UUID]] | None = None
    of_all: Callable[[Scope], Iterator[Callable[[], list[Found]]]] | None = None


_comparers: dict[str, Comparer] = {}


def register(*comparers: Comparer) -> None:
    """Let these be asked, too; one of the same key takes the place of the one before."""
    _comparers.update({each.key: each for each in comparers})


def registered() -> list[Comparer]:
    """All, in the order in which they were registered."""
    return list(_comparers.values())


def _number(value: Decimal | int | None) -> str:
    return "nothing" if value is None else f"{Decimal(value).normalize():f}"
