"""The usage pages of a workspace."""

from metering.pages.usage_page import Gauge, gauges

__all__ = [
    "Gauge",
    "gauges",
]
