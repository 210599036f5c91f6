"""News for the layers above."""

from django.dispatch import Signal

endpoint_stopped = Signal()  # endpoint: a WebhookEndpoint that we have paused or disabled
