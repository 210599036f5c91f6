"""`bin/bench persons`: the timeline of a human in a large log, and what it costs those who store."""

MODULES: tuple[str, ...] = ("postgres", "clickhouse", "storing")
