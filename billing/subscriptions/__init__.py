"""A workspace's subscription at Stripe: bought, changed, billed, ended."""
