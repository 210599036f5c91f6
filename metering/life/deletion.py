"""What a workspace used is stated before it is gone: its running month ends with the deletion.

Without that two clocks would decide: a grace shorter than the rest of the month lets the purge come
before the month is closed, and nobody ever pays for it. And whatever the settings say, the purge waits
for the statements of what has a price.
"""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from metering.models import Ledger
from metering.periods import cycles, terms
from tenants.life import PurgeMustWait
from tenants.models import Tenant
from tenants.signals import purge_requested, workspace_deleted, workspace_restored


@receiver(workspace_deleted)
def end_the_month(tenant: Tenant, **_: Any) -> None:
    """In the transaction of the deletion."""
    assert tenant.deleted_at is not None  # noqa: S101
    cycles.split(tenant, at=tenant.deleted_at)


@receiver(workspace_restored)
def go_on_with_it(tenant: Tenant, **_: Any) -> None:
    """The month goes on as if nothing had been, unless it was stated meanwhile."""
    cycles.mend(tenant)


@receiver(purge_requested)
def wait_for_statements(tenant: Tenant, **_: Any) -> None:
    """Raises MustWait while something that has a price is not stated yet."""
    ledger = Ledger.objects.for_tenant(tenant).first()
    until = tenant.deleted_at
    if until is None or (ledger is not None and ledger.closed_until >= until):
        return
    begin = tenant.created_at if ledger is None else ledger.closed_until
    if terms.had_a_price(tenant, since=begin, until=until):
        raise PurgeMustWait("What was used before the deletion is not stated yet.")
