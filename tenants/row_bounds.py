"""How many rows of a kind a workspace may hold, asked where one is made.

What a plan sells has its limit there (`metering.quotas.quota`, seats, domains); these are for the rest, of
which nobody needs many and each of which is read, listed or mailed about. Which table is bounded by
what: `tests/plg_site/test_row_bounds.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from tenants.models import Tenant


@dataclass(frozen=True)
class Bound:
    """`words` are for who wants one more."""

    most: int
    words: str


LIVE_KEYS = Bound(50, "A workspace has at most 50 API keys that work. End one first.")
KEYS_A_DAY = Bound(100, "This workspace has made 100 API keys today. Please go on tomorrow.")
INVITATIONS = Bound(500, "500 invitations are waiting. Withdraw those that nobody will use.")
DOORS = Bound(50, "A workspace has at most 50 doors. Close one first.")
WEBHOOKS = Bound(10, "A workspace has at most 10 webhooks. Remove one first.")
EXPORTS_A_DAY = Bound(20, "This workspace has made 20 archives today. Please go on tomorrow.")
OWN_DOMAINS = Bound(50, "A workspace has at most 50 domains in its list. Remove one first.")


class TooManyRows(Exception):
    """Nothing was made; the message says why, in words for the person."""


def one_by_one(tenant: Tenant) -> None:
    """Who adds to this workspace from here on comes after the current transaction."""
    Tenant.objects.select_for_update(no_key=True).only("pk").get(pk=tenant.pk)


def require(tenant: Tenant, bound: Bound, rows: QuerySet[Any]) -> None:
    """Room for one more beside these `rows` of the workspace; who asks next waits for the end of the
    current transaction. Raises TooManyRows."""
    one_by_one(tenant)
    if rows.order_by()[: bound.most].count() >= bound.most:
        raise TooManyRows(bound.words)
