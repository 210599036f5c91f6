"""The store in ClickHouse. A face of its own: its client is for those who use it."""

from events.store.clickhouse.batch import ClickHouseBatch, escaped, number, quote
from events.store.clickhouse.erasing import erase
from events.store.clickhouse.store import ClickHouseEventStore
from events.store.clickhouse.writer import Turn

__all__ = [
    "ClickHouseBatch",
    "ClickHouseEventStore",
    "Turn",
    "erase",
    "escaped",
    "number",
    "quote",
]
