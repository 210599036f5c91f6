"""Usage and meters over a workspace's API."""

from metering.api.meters_api import router as meters_router
from metering.api.operations import router
from metering.api.problems import CONTENT_TYPE, STATUS, quota_problem, rate_problem

__all__ = [
    "CONTENT_TYPE",
    "STATUS",
    "meters_router",
    "quota_problem",
    "rate_problem",
    "router",
]
