"""Rollups: a function of the raw events, kept together with them, in the dialect of their store."""

from metering.rollups.chosen import RollupProjection, rollups
from metering.rollups.comparing import compared, days, spans
from metering.rollups.protocol import Compared
from metering.rollups.rebuild import CannotRebuild
from metering.rollups.settling import NotOfOneMaking, settle

__all__ = [
    "CannotRebuild",
    "Compared",
    "NotOfOneMaking",
    "RollupProjection",
    "compared",
    "days",
    "rollups",
    "settle",
    "spans",
]
