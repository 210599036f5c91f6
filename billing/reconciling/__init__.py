"""Do all who count say the same? Raw events, rollups, statements, charges, what was sent, and Stripe.

reconciling.register(Comparer("warehouse", of_one=compare))    # in `ready`, from a layer above, too
reconciling.reconcile(scope, say=print)                        # manage.py reconcile, and each night
reconciling.unsettled(20), reconciling.count()                 # for pages of staff
"""

from billing.reconciling.comparers import Comparer, Found, Scope, register
from billing.reconciling.keeping import count, settled, unsettled
from billing.reconciling.running import reconcile, scope_of

__all__ = [
    "Comparer",
    "Found",
    "Scope",
    "count",
    "reconcile",
    "register",
    "scope_of",
    "settled",
    "unsettled",
]
