"""What identity announces to the layers above it, and what it asks them."""

from django.dispatch import Signal

# Sent inside the transaction that joins two sign-ups of one human. A receiver returns, as JSON, what it
# moved; `merge_undone` hands it back under the receiver's module. kwargs: kept (User), merged (User).
users_merged = Signal()

# Sent inside the transaction that takes two sign-ups apart again. kwargs: kept, merged, moved (dict by
# module of what receivers of `users_merged` returned).
merge_undone = Signal()

# Sent inside the transaction in which everything ended that a user had given out: what they began may
# have been a stranger's doing. kwargs: user (User).
credentials_ended = Signal()

# Sent inside the transaction in which somebody proved the address of a user from another browser than
# the one that had begun: what came to that account until then was not given to them. kwargs: user (User).
begun_by_another = Signal()

# Asks what a user has begun; a receiver returns names, such as those of workspaces. kwargs: user (User).
begun_asked = Signal()

# Sent inside the transaction in which somebody threw away what was begun. A receiver returns, as JSON,
# what it ended; `discard_undone` hands it back. kwargs: user (User).
begun_discarded = Signal()

# Sent inside the transaction in which that is undone. kwargs: user (User, active again), by (User), went
# (dict by module of what receivers of `begun_discarded` returned).
discard_undone = Signal()

# Somebody wants to close their account. Receivers return what stands in the way, as a list of
# identity.account.closing.Obstacle. kwargs: user (User).
account_closing_asked = Signal()

# Somebody takes their own data away. Receivers return {section: JSON values}. kwargs: user (User).
own_data_asked = Signal()

# Sent inside the transaction in which a person is forgotten, who may never have had a login: the layers
# above take out of their tables what names them. kwargs: person_id (UUID).
person_forgotten = Signal()

# Everything known of a person goes into one archive. Receivers return {section: JSON values}; what
# `own_data_asked` gives of somebody with a login is in it already. kwargs: person (Person).
person_data_asked = Signal()
