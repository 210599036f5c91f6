"""What workspaces announce to the layers above."""

from django.dispatch import Signal

# Sent inside the transaction of the sign-up. kwargs: tenant (Tenant), user (User).
workspace_created = Signal()

# Somebody is about to be invited (take=False) or to join (take=True), inside the transaction. A
# receiver raises tenants.membership.SeatRefused when no seat is left. kwargs: tenant, take (bool).
seat_requested = Signal()
