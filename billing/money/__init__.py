"""Payments, refunds and disputes of a workspace: read from Stripe, given back, told."""

from billing.money.following import follow, follow_due

__all__ = ["follow", "follow_due"]
