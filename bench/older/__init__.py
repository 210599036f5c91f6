"""`bin/bench older`: what people wait for, beside an older commit (bench/against.py)."""

MODULES: tuple[str, ...] = ("requests",)
