"""Makes rollups anew from the raw events, while consumers go on; and knows which ones need it.

A meter's buckets are made by its definition and by the code (`format.py`). A new meter, or one whose
event, aggregation, property, filters or dimensions changed, counts by the new definition from the
next batch on; what came before is brought up to it by a rebuild, a day at a time (see
`Rollups.rebuild`). What is otherwise by any other cause, `settling.py` looks for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from events.store import get_store
from metering.definitions import fingerprint
from metering.definitions.catalogue import get, meters
from metering.definitions.meter import Meter
from metering.rollups.chosen import rollups
from metering.rollups.protocol import Definition


class CannotRebuild(Exception):
    """Says why."""


@dataclass(frozen=True)
class Done:
    """A day that has been rebuilt, or compared: `differences` buckets were not as they should be."""

    day: date
    number: int  # from 1
    of: int
    differences: int = 0


def outdated() -> dict[str, str]:
    """The meters whose buckets are not all of their definition's making, each with the reason.

    Also those that the catalogue no longer has. Raises StoreUnavailable.
    """
    known = rollups().definitions()
    found = {}
    for key, meter in meters().items():
        definition = known.get(key)
        if definition is None:
            found[key] = "it is new"
        elif definition.fingerprint != fingerprint(meter):
            found[key] = "its definition changed"
        elif not definition.complete:
            found[key] = "not all of it was counted by its definition"
    return found | dict.fromkeys(known.keys() - meters().keys(), "it is gone")


def doubtful() -> frozenset[str]:
    """The meters of the catalogue whose buckets must not be believed: see `trust.py`.

    Raises StoreUnavailable.
    """
    if rollups().misshapen():
        return frozenset(meters())
    return frozenset(outdated()) & meters().keys()


def doubt() -> None:
    """Note that no bucket is to be believed, until a rebuild is complete. Raises StoreUnavailable."""
    rollups().begin(fingerprints(meters().values()))


class Rebuild:
    """A rebuild of some meters from `since` until before `until` (days, UTC; None: all there are).

    With a `tenant` (schema name), of this workspace alone. Only one of everything makes a changed
    definition complete. `token` names how far an interrupted one has come, for `resume`.

    Raises CannotRebuild, KeyError (no such meter), StoreUnavailable.
    """

    def __init__(
        self,
        keys: Collection[str],
        *,
        since: date | None = None,
        until: date | None = None,
        tenant: str | None = None,
        resume: str | None = None,
    ) -> None:
        self.meters = [get(key) for key in keys if key in meters()]
        self.gone = [key for key in keys if key not in meters()]
        self._tenant = tenant
        first = first_day()
        self._is_whole = until is None and tenant is None and (since is None or since == first)
        days = rollups().days(meters=[meter.key for meter in self.meters], tenant=tenant)
        self.days = [
            day for day in days if (not since or day >= since) and (not until or day < until)
        ]
        if first and self.days and self.days[0] < first:
            raise CannotRebuild(
                f"Raw events before {first} are archived, so buckets before that day stay as they "
                f"are. Say --since {first} to rebuild the others."
            )
        self._begun: dict[str, Definition] = {}
        self._reached: date | None = None
        if resume is not None:
            self._resume(resume)

    def run(self) -> Iterator[Done]:
        """Rebuild, day by day."""
        if self.gone and self._is_whole:
            rollups().forget(self.gone)
        if not self.meters:
            return
        if self._is_whole and not self._begun:
            self._begun = rollups().begin(fingerprints(self.meters))
        for number, day in enumerate(self.days, 1):
            rollups().rebuild(day, meters=self.meters, tenant=self._tenant)
            self._reached = day
            yield Done(day, number, len(self.days))
        if self._is_whole and (mixed := rollups().finish(self._begun)):
            raise CannotRebuild(
                f"While this ran, a process with another catalogue added to {', '.join(mixed)}. "
                f"Stop consumers with the old code, and run this again."
            )

    def compare(self) -> Iterator[Done]:
        """Change nothing; count the buckets that a rebuild would change."""
        for number, day in enumerate(self.days if self.meters else (), 1):
            found = rollups().differences(day, meters=self.meters, tenant=self._tenant)
            yield Done(day, number, len(self.days), found)

    @property
    def token(self) -> str | None:
        """The last day that is done, and what would have spoiled it since."""
        if self._reached is None or not self._begun:
            return None
        return f"{self._reached}/{sum(each.changes for each in self._begun.values())}"

    def _resume(self, token: str) -> None:
        reached, changes = token.split("/")
        known = rollups().definitions()
        self._begun = {meter.key: known[meter.key] for meter in self.meters if meter.key in known}
        mine = fingerprints(self.meters)
        if {key: each.fingerprint for key, each in self._begun.items()} != mine or sum(
            each.changes for each in self._begun.values()
        ) != int(changes):
            raise CannotRebuild("Definitions changed since then: begin again, without --resume.")
        self.days = [day for day in self.days if day > date.fromisoformat(reached)]


def fingerprints(of: Collection[Meter]) -> dict[str, str]:
    """By meter."""
    return {meter.key: fingerprint(meter) for meter in of}


def first_day() -> date | None:
    """The first day whose raw events are all here; None when all are."""
    since = get_store().retention.raw_since()
    if since is None:
        return None
    midnight = datetime.combine(since.astimezone(UTC).date(), time(), UTC)
    return midnight.date() if midnight == since else midnight.date() + timedelta(days=1)
