"""The rollups of a PostgreSQL store."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

import psycopg
from psycopg import Connection

from events import Event
from events.store import get_store
from metering.definitions.meter import Meter
from metering.rollups import shapes
from metering.rollups.partials import Grain, Partials
from metering.rollups.plan import WrongQuestion
from metering.rollups.postgres import answer as postgres_answer
from metering.rollups.postgres import compare as postgres_compare
from metering.rollups.postgres import definitions as postgres_definitions
from metering.rollups.postgres import merge as postgres_merge
from metering.rollups.postgres import rebuild as postgres_rebuild
from metering.rollups.postgres import renaming as postgres_renaming
from metering.rollups.postgres import shape
from metering.rollups.protocol import Bucket, Compared, Definition, Found, Plan, TookTooLong, Value
from metering.rollups.renaming import Renamed


class PostgresRollups:
    """See `Rollups`."""

    def merge(self, session: Connection[Any], partials: Partials) -> None:
        postgres_merge.merge(session, partials)

    def answer(self, plans: Sequence[Plan], *, waiting: Sequence[Event] = ()) -> list[list[Found]]:
        with get_store().connection() as connection:
            try:
                return postgres_answer.answer(connection, plans, waiting=waiting)
            except psycopg.errors.QueryCanceled:
                raise WrongQuestion("The answer takes too long: ask for less.") from None

    def answer_each(self, plans: Sequence[Plan]) -> list[Found | None]:
        with get_store().connection() as connection:
            try:
                return postgres_answer.answer_each(connection, plans)
            except psycopg.errors.QueryCanceled:
                raise WrongQuestion("The answer takes too long: ask for less.") from None

    def stored(self, *, grain: Grain, meters: Collection[Meter]) -> dict[Bucket, Value]:
        with get_store().connection() as connection:
            return postgres_rebuild.stored(connection, grain, meters)

    def recount(self, *, grain: Grain, meters: Collection[Meter]) -> dict[Bucket, Value]:
        with get_store().connection() as connection:
            return postgres_rebuild.recount(connection, grain, meters)

    def days(self, *, meters: Collection[str], tenant: str | None = None) -> list[date]:
        with get_store().connection() as connection:
            return postgres_rebuild.days(connection, meters, tenant)

    def rebuild(self, day: date, *, meters: Collection[Meter], tenant: str | None = None) -> None:
        with get_store().connection() as connection:
            postgres_rebuild.rebuild(connection, day, meters, tenant)

    def differences(
        self,
        day: date,
        *,
        meters: Collection[Meter],
        tenant: str | None = None,
        within: float | None = None,
    ) -> int:
        with get_store().connection() as connection:
            if within is not None:
                connection.execute(f"SET LOCAL statement_timeout = {max(1, int(within * 1000))}")
            try:
                return postgres_rebuild.differences(connection, day, meters, tenant)
            except psycopg.errors.QueryCanceled as error:
                raise TookTooLong(str(error)) from error

    def compared(
        self,
        first: date,
        last: date,
        *,
        meters: Collection[Meter],
        tenant: str | None = None,
        most: int,
    ) -> list[Compared]:
        with get_store().connection() as connection:
            return list(
                postgres_compare.compared(connection, first, last, meters, tenant=tenant, most=most)
            )

    def definitions(self) -> dict[str, Definition]:
        with get_store().connection() as connection:
            return postgres_definitions.known(connection)

    def begin(self, fingerprints: Mapping[str, str]) -> dict[str, Definition]:
        with get_store().connection() as connection:
            return postgres_definitions.begin(connection, fingerprints)

    def finish(self, begun: Mapping[str, Definition]) -> set[str]:
        with get_store().connection() as connection:
            return postgres_definitions.finish(connection, begun)

    def forget(self, gone: Collection[str]) -> None:
        with get_store().connection() as connection:
            postgres_rebuild.drop(connection, gone)
            postgres_definitions.forget(connection, gone)

    def erase(self, tenant: str) -> int:
        with get_store().connection() as connection:
            return postgres_merge.erase(connection, tenant)

    def rename(self, renamed: Sequence[Renamed]) -> int:
        with get_store().connection() as connection:
            return postgres_renaming.rename(connection, renamed)

    def is_empty(self) -> bool:
        with get_store().connection() as connection:
            return connection.execute("SELECT EXISTS (SELECT FROM event)").fetchone() == (False,)

    def misshapen(self) -> list[str]:
        with get_store().connection() as connection:
            return shapes.deviations("postgres", shape.shape(connection))
