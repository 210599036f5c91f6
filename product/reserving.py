"""Room under a limit, taken before the work and given back when the work fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from metering import quotas
from tenants.models import Tenant


@contextmanager
def reserved(tenant: Tenant, meter: str, amount: int = 1) -> Iterator[None]:
    """Take `amount` of the meter for the block. Raises metering's QuotaExceeded before it begins."""
    quotas.consume(tenant, meter, amount)
    try:
        yield
    except BaseException:
        quotas.release(tenant, meter, amount)
        raise
