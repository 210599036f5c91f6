"""What metering announces to the layers above."""

from django.dispatch import Signal

# Sent after the commit that closed a workspace's period, once for each closing. kwargs:
# tenant (Tenant), statements (list of Statement: one for each month meter, with its adjustments).
period_closed = Signal()
