"""What a workspace uses, and how much of it it may use.

Definitions: `Meter`, `Limit`, `UsagePrice`, `Tiers`. Questions: `metering.asking.query`. Decisions:
`metering.quotas.quota`.
"""

from metering.definitions.limit import Limit, Price, UsagePrice, price_columns, price_of
from metering.definitions.meter import Meter
from metering.definitions.tiers import Tier, Tiers

__all__ = [
    "Limit",
    "Meter",
    "Price",
    "Tier",
    "Tiers",
    "UsagePrice",
    "price_columns",
    "price_of",
]
