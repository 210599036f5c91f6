"""`bin/bench billing`: what it costs to ask what a workspace may do."""

MODULES: tuple[str, ...] = ("entitlements",)
