"""`bin/bench footprint`: what all of it weighs and how soon it is there, beside commit 5ec79f5."""

MODULES: tuple[str, ...] = ("memory", "speed")
