"""`bin/bench readers`: how fast the log is followed, and what it costs those who store."""

MODULES: tuple[str, ...] = ("counting", "beside")
