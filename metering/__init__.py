"""What a workspace uses, and how much of it it may use.

Definitions: `Meter` and `Limit`. Questions: `metering.usage`. Decisions: `metering.quota`.
"""

from metering.catalogue import Limit, Meter

__all__ = ["Limit", "Meter"]
