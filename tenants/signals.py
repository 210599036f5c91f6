"""What workspaces announce to the layers above. Each is sent inside the transaction of the change."""

from django.dispatch import Signal

workspace_created = Signal()  # kwargs: tenant (Tenant), user (User)
# kwargs: tenant, user, upcoming (bool: about to be invited or to join, raise SeatRefused to refuse)
seat_requested = Signal()
