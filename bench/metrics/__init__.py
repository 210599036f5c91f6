"""`bin/bench metrics`: what it costs a request to be counted."""

MODULES: tuple[str, ...] = ("cost",)
