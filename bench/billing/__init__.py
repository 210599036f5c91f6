"""`bin/bench billing`: what it costs to ask what a workspace may do, to hear from Stripe,
and to compare what everybody counts."""

MODULES: tuple[str, ...] = ("entitlements", "pages", "reconcile", "webhooks")
