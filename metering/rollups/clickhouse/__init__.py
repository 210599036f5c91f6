"""Rollups in a ClickHouse store."""

from metering.rollups.clickhouse.rollups import ClickHouseRollups

__all__ = [
    "ClickHouseRollups",
]
