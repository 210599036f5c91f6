"""`bin/bench events`: recording, storing, counting, deciding."""

MODULES: tuple[str, ...] = ("visible", "dashboard", "throughput", "memory", "flatness")
