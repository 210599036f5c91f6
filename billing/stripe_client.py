"""The one place that configures Stripe's SDK, for us and for dj-stripe's own calls."""

from __future__ import annotations

from functools import cache

import stripe
from django.conf import settings

TIMEOUT = 10  # seconds for one attempt; a person is waiting
RETRIES = 2  # of lost connections and 5xx; the SDK sends one idempotency key with all of them


def client() -> stripe.StripeClient:
    """A client for the configured account. Every call may raise stripe.StripeError."""
    return _client(
        settings.STRIPE_LIVE_SECRET_KEY or settings.STRIPE_TEST_SECRET_KEY,
        settings.STRIPE_API_HOST,
    )


def configure() -> None:
    """Set the SDK's globals, which dj-stripe uses while it handles a webhook."""
    stripe.api_version = settings.STRIPE_API_VERSION
    stripe.api_base = settings.STRIPE_API_HOST
    stripe.max_network_retries = RETRIES
    stripe.enable_telemetry = False
    stripe.default_http_client = stripe.RequestsClient(timeout=TIMEOUT)


@cache
def _client(api_key: str, host: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        api_key,
        stripe_version=settings.STRIPE_API_VERSION,
        base_addresses={"api": host},
        max_network_retries=RETRIES,
        http_client=stripe.RequestsClient(timeout=TIMEOUT),
    )
