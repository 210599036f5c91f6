"""The rollups of a ClickHouse store."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from typing import cast

from clickhouse_connect.driver.exceptions import DatabaseError

from events import Event
from events.errors import StoreUnavailable
from events.store import get_store
from events.store.clickhouse import ClickHouseBatch, ClickHouseEventStore, erase, quote
from metering.definitions.meter import Meter
from metering.rollups import shapes
from metering.rollups.clickhouse import answer as clickhouse_answer
from metering.rollups.clickhouse import definitions as clickhouse_definitions
from metering.rollups.clickhouse import merge as clickhouse_merge
from metering.rollups.clickhouse import rebuild as clickhouse_rebuild
from metering.rollups.clickhouse import renaming as clickhouse_renaming
from metering.rollups.clickhouse import shape
from metering.rollups.partials import Grain, Partials
from metering.rollups.plan import WrongQuestion
from metering.rollups.protocol import Bucket, Compared, Definition, Found, Plan, TookTooLong, Value
from metering.rollups.renaming import Renamed

_TIMEOUT_EXCEEDED = 159
_AT_ONCE = 10  # questions in one statement


def _store() -> ClickHouseEventStore:
    return cast(ClickHouseEventStore, get_store())


class ClickHouseRollups:
    """See `Rollups`."""

    def merge(self, session: ClickHouseBatch, partials: Partials) -> None:
        clickhouse_merge.merge(session, partials)
        with _store().connection() as client:
            clickhouse_definitions.adding(client, session)

    def answer(self, plans: Sequence[Plan], *, waiting: Sequence[Event] = ()) -> list[list[Found]]:
        with _store().connection() as client:
            try:
                return clickhouse_answer.answer(client, plans, waiting=waiting)
            except DatabaseError as error:
                if error.code == _TIMEOUT_EXCEEDED:
                    raise WrongQuestion("The answer takes too long: ask for less.") from None
                raise

    def answer_each(self, plans: Sequence[Plan]) -> list[Found | None]:
        some = (plans[first : first + _AT_ONCE] for first in range(0, len(plans), _AT_ONCE))
        return [rows[0] if rows else None for each in some for rows in self.answer(each)]

    def stored(self, *, grain: Grain, meters: Collection[Meter]) -> dict[Bucket, Value]:
        with _store().connection() as client:
            return clickhouse_rebuild.stored(client, grain, meters)

    def recount(self, *, grain: Grain, meters: Collection[Meter]) -> dict[Bucket, Value]:
        return clickhouse_rebuild.recount(_store(), grain, meters)

    def days(self, *, meters: Collection[str], tenant: str | None = None) -> list[date]:
        with _store().connection() as client:
            return clickhouse_rebuild.days(client, meters, tenant)

    def rebuild(self, day: date, *, meters: Collection[Meter], tenant: str | None = None) -> None:
        clickhouse_rebuild.rebuild(_store(), day, meters, tenant)

    def differences(
        self,
        day: date,
        *,
        meters: Collection[Meter],
        tenant: str | None = None,
        within: float | None = None,
    ) -> int:
        try:
            return clickhouse_rebuild.differences(_store(), day, meters, tenant, within=within)
        except StoreUnavailable as error:  # so the store calls every word of its server's
            cause = error.__cause__
            if isinstance(cause, DatabaseError) and cause.code == _TIMEOUT_EXCEEDED:
                raise TookTooLong(str(cause)) from error
            raise

    def compared(
        self,
        first: date,
        last: date,
        *,
        meters: Collection[Meter],
        tenant: str | None = None,
        most: int,
    ) -> list[Compared]:
        """By the meter; which workspace and by how much, `recount` of a rebuild would say."""
        found = []
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        for day, meter in product(days, meters):
            number = self.differences(day, meters=[meter], tenant=tenant)
            if number:
                start = datetime.combine(day, time(), UTC)
                found.append(Compared(tenant, meter.key, start, "day", None, None, None, number))
        return found[:most]

    def definitions(self) -> dict[str, Definition]:
        with _store().connection() as client:
            return clickhouse_definitions.known(client)

    def begin(self, fingerprints: Mapping[str, str]) -> dict[str, Definition]:
        with _store().alone(), _store().connection() as client:
            return clickhouse_definitions.begin(client, fingerprints)

    def finish(self, begun: Mapping[str, Definition]) -> set[str]:
        with _store().alone(), _store().connection() as client:
            return clickhouse_definitions.finish(client, begun)

    def forget(self, gone: Collection[str]) -> None:
        with _store().alone(), _store().connection() as client:
            clickhouse_rebuild.drop(_store(), client, gone)
            clickhouse_definitions.forget(client, gone)

    def erase(self, tenant: str) -> int:
        where = f"tenant = {quote(tenant)}"  # whoever erases events has the turn already
        return sum(erase(_store(), table, where) for table in clickhouse_rebuild.TABLES)

    def rename(self, renamed: Sequence[Renamed]) -> int:
        return clickhouse_renaming.rename(_store(), renamed)

    def is_empty(self) -> bool:
        with _store().connection() as client:
            return not client.query("SELECT 1 FROM event LIMIT 1").result_rows

    def misshapen(self) -> list[str]:
        with _store().connection() as client:
            return shapes.deviations("clickhouse", shape.shape(client))
