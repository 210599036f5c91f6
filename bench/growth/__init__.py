"""`bin/bench growth`: what a workspace and an event weigh on the servers (docs/growing.md)."""

MODULES: tuple[str, ...] = ("schemas", "stored")
