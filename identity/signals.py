"""What identity announces to the layers above it."""

from django.dispatch import Signal

# Sent inside the transaction that joins two users of one human. kwargs: kept (User), merged (User).
users_merged = Signal()

# Somebody wants to close their account. Receivers return what stands in the way, as a list of
# identity.account.closing.Obstacle. kwargs: user (User).
account_closing_asked = Signal()

# Somebody takes their own data away. Receivers return {section: JSON values}. kwargs: user (User).
own_data_asked = Signal()
