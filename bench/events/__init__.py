"""`bin/bench events`: recording, storing, counting, deciding."""

MODULES: tuple[str, ...] = (
    "recording",
    "quota",
    "redirect",
    "visible",
    "dashboard",
    "throughput",
    "memory",
    "flatness",
    "clickhouse",
)
