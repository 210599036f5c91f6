"""`bin/bench billing`: what it costs to ask what a workspace may do, and to compare what everybody counts."""

MODULES: tuple[str, ...] = ("entitlements", "reconcile")
