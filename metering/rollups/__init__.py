"""Rollups: a function of the raw events, kept together with them, in the dialect of their store."""

from metering.rollups.chosen import RollupProjection, rollups
from metering.rollups.rebuild import CannotRebuild
from metering.rollups.settling import NotOfOneMaking, settle

__all__ = [
    "CannotRebuild",
    "NotOfOneMaking",
    "RollupProjection",
    "rollups",
    "settle",
]
