"""What a workspace uses, and how much of it it may use.

Definitions: `Meter`, `Limit`, `UsagePrice`. Questions: `metering.asking.query`. Decisions:
`metering.quotas.quota`.
"""

from metering.definitions.limit import Limit, UsagePrice
from metering.definitions.meter import Meter

__all__ = ["Limit", "Meter", "UsagePrice"]
