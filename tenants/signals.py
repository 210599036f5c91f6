"""What workspaces announce to the layers above."""

from django.dispatch import Signal

# What a host name leads to has changed, inside the transaction. kwargs: hosts (set of str).
hosts_changed = Signal()

# Sent inside the transaction of the sign-up. kwargs: tenant (Tenant), user (User).
workspace_created = Signal()

# Somebody is about to be invited (take=False) or to join (take=True), inside the transaction. A
# receiver raises tenants.members.membership.SeatRefused when no seat is left. kwargs: tenant, take (bool).
seat_requested = Signal()

# The list of members is drawn for somebody who may pay. A receiver may answer with a
# tenants.members.SeatOffer, shown above it. kwargs: tenant, members (int, how many there are).
seats_shown = Signal()

# A feature is about to be used. A receiver raises tenants.features.FeatureRefused when the plan does not
# include it. kwargs: tenant, feature (str, as the product's catalogue names it).
feature_requested = Signal()

# A workspace is about to be made for somebody (coming None), or others to become theirs. A receiver
# raises tenants.members.room.TooManyWorkspaces. kwargs: user (User), coming (collection of Tenant | None).
workspace_requested = Signal()

# An archive is about to be written into a new workspace, inside the transaction. A receiver raises
# tenants.archive.refusals.ArchiveRefused ("beyond_plan"). kwargs: tenant, amounts ({meter: int}).
amounts_requested = Signal()

# Sent inside the transaction that changes the state. kwargs: tenant (Tenant), by (User | None).
workspace_suspended = Signal()
workspace_resumed = Signal()
workspace_deleted = Signal()  # the days of grace begin
workspace_restored = Signal()

# A workspace is about to be purged, before anything of it is removed. A receiver raises
# tenants.life.purge.MustWait while something is needed that will be gone. kwargs: tenant (Tenant).
purge_requested = Signal()

# May it end, that nobody proved or used? A receiver that returns True says no. kwargs: tenant (Tenant).
workspace_needed = Signal()

# Sent in the transaction that removes the last of a workspace; of its row only the key stays. Who
# raises stops it, and it is tried again. kwargs: tenant (Tenant, still with its name).
workspace_purged = Signal()
