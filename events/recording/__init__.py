"""The calls by which anything that happened becomes known."""

from events.recording.calls import (
    HasSchema,
    batch,
    flush,
    record,
    record_first,
    record_with_row,
    rows_together,
)

__all__ = [
    "HasSchema",
    "batch",
    "flush",
    "record",
    "record_first",
    "record_with_row",
    "rows_together",
]
