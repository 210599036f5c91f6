"""Who asks for work on the pool, and when: sign-ups, as they happen, and the scheduler.

Without a broker nothing is lost: the scheduler's next round does it, and a page that waits for a
workspace looks after it itself (`preparing.help_out`).
"""

from __future__ import annotations

from django.core.cache import cache
from django.db import transaction

from tenants.jobs import enqueueing
from tenants.pool import claiming

# A slice of a refill: then mail and whatever else waits in the queue has its turn.
SLICE = 2.0  # seconds
_ASK_EVERY = 1  # second; a spike need not ask a hundred times
_ASKED = "pool-refill-asked"
# One refill at a time: in a spike the processors are for those who sign up. Kept for so long when
# the process that refills is killed.
_RUNNING, _RUNNING_FOR = "pool-refill-running", 15


def refill_soon() -> None:
    """Let the pool be filled up once the current transaction has committed."""
    transaction.on_commit(_ask_for_a_refill, robust=True)


def prepare_soon() -> None:
    """Let a workspace that waits in line be made, once the current transaction has committed."""
    enqueueing.once_committed("tenants.tasks.prepare_workspaces")


def refill_a_slice() -> None:
    """Fill the pool up for SLICE seconds, and come back for the rest; one process at a time."""
    if not cache.add(_RUNNING, 1, _RUNNING_FOR):
        return
    try:
        claiming.refill(seconds=SLICE, gently=True)
    finally:
        cache.delete(_RUNNING)
    if claiming.is_short():
        _ask_for_a_refill()


def _ask_for_a_refill() -> None:
    if cache.add(_ASKED, 1, _ASK_EVERY):
        enqueueing.now("tenants.tasks.refill_pool")
