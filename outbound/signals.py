"""What this app tells others, and itself."""

from django.dispatch import Signal

endpoint_stopped = Signal()  # endpoint: a WebhookEndpoint that we have paused or disabled
# `edited`: the EditedLetter whose words could not be sent, so that those in the code were; `error`: why.
letter_fell_back = Signal()
