"""How what usage costs comes to Stripe: two ways behind one interface, which charge the same cents.

`by_statements`, the default: an invoice of its own for each closing, from sealed statements. It asks
for the money at once and in full, whatever the subscription does: paid by the year, cancelled, or with
prices that changed within the month. Stripe need not be reached while things are counted, a year-old
statement can still be billed, and no arithmetic but ours decides.

`by_meter_events` (a plan's `usage_by="meter_events"`): Stripe's meters count hour by hour, usage stands on
the subscription's own invoice, which waits until both have counted the same, and Stripe's dashboard and
upcoming invoice show it. It is for what is counted by the month and paid by the month; the rest of
such a plan, and each month whose prices changed, is billed from statements.
"""

from billing.exporting.choosing import EXPORTERS, Exporter, bring

__all__ = [
    "EXPORTERS",
    "Exporter",
    "bring",
]
