"""What identity announces to the layers above it."""

from django.dispatch import Signal

# Sent inside the transaction that joins two users of one human. kwargs: kept (User), merged (User).
users_merged = Signal()
