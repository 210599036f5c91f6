"""`bin/bench billing`: what it costs to ask what a workspace may do, and to hear from Stripe."""

MODULES: tuple[str, ...] = ("entitlements", "pages", "webhooks")
