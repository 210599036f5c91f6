"""What Stripe tells us: taken, worked off, and asked for again when it did not come."""

from billing.webhooks.handling import tidy, work_off
from billing.webhooks.missed_events import waiting as not_processed
from billing.webhooks.webhook_state import examine as examine_endpoint

__all__ = [
    "examine_endpoint",
    "not_processed",
    "tidy",
    "work_off",
]
