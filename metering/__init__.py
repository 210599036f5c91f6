"""What a workspace uses, and how much of it it may use.

Definitions: `Meter`, `Limit`, `UsagePrice`. Questions: `metering.query`. Decisions:
`metering.quota`.
"""

from metering.catalogue import Limit, Meter, UsagePrice

__all__ = ["Limit", "Meter", "UsagePrice"]
