"""Rollups in a PostgreSQL store."""

from metering.rollups.postgres.rollups import PostgresRollups

__all__ = [
    "PostgresRollups",
]
