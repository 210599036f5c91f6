"""What the usage operations take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Schema
from pydantic import Field

from tenants.api import Body

RangeName = Literal["today", "7d", "30d", "90d", "period", "previous"]


class PeriodOut(Schema):
    """From `start` (included) to `end` (not included); null: for ever."""

    start: datetime | None
    end: datetime | None


class ForecastOut(Schema):
    """`value` at `until`, at the recent pace; `limit_passed_at`: when the limit is reached, if before."""

    value: int
    until: datetime
    per_day: float
    method: str
    limit_passed_at: datetime | None


class TierOut(Schema):
    """Units above what is included, up to `up_to` (null: all): an amount for each `price_per` of them,
    and `flat` once."""

    up_to: int | None
    price_amount: int
    price_per: int
    flat: int


class CostOut(Schema):
    """What usage above the included amount costs, in minor units of the currency. With a price in
    `tiers` (`tiers_mode`: graduated or volume), `price_amount` is that of the tier reached."""

    currency: str
    price_amount: int
    price_per: int
    tiers_mode: str | None = None
    tiers: list[TierOut] = []
    included: int
    above: int
    so_far: int
    by_period_end: int | None


class UsageOut(Schema):
    """One meter: amounts are in its unit ("" counts things, "bytes")."""

    meter: str
    label: str
    unit: str
    used: int
    limit: int | None
    hard: bool
    own_limit: bool = Field(description="Whether the workspace has set this limit for itself.")
    remaining: int | None
    resets_at: datetime | None
    period: PeriodOut
    forecast: ForecastOut | None
    cost: CostOut | None


class PointOut(Schema):
    """A window, and a group where the question has one."""

    start: datetime
    end: datetime
    group: str | None = None
    group_name: str | None = None
    value: float
    events: int
    late_events: int


class SeriesOut(Schema):
    """Windows without an event are left out."""

    meter: str
    unit: str
    start: datetime
    end: datetime
    window: Literal["day", "hour"]
    time_zone: str
    total: float
    points: list[PointOut]


class _Alert(Schema):
    meter: Annotated[str, Field(max_length=60)]
    percent: int | None = Field(default=None, ge=1, le=1000)
    amount: int | None = Field(default=None, ge=1, le=10**18)
    recipients: list[UUID] = Field(
        default=[], max_length=100, description="Ids of owners and admins; none: all of them."
    )


class AlertIn(Body, _Alert):
    """Either `percent` (of the limit) or `amount` (in the meter's unit)."""


class AlertOut(_Alert):
    default: bool = Field(description="Whether it exists although nobody made it.")


_Caps = dict[str, Annotated[int, Field(ge=0, le=10**18)]]
_Money = Annotated[int | None, Field(ge=0, le=10**15)]


class SpendLimitIn(Body):
    """Both are replaced as a whole; nothing is removed that is not said to go."""

    amount: _Money = Field(
        description="Money a period, in minor units. Null removes the limit; it must be named."
    )
    caps: _Caps | None = Field(
        default=None,
        max_length=100,
        description="By meter, in its unit; {} removes all. Left out, they stay as they are.",
    )


class SpendLimitOut(Schema):
    amount: _Money
    caps: _Caps
    currency: str
    effective: dict[str, int] = Field(description="The hard limits that follow, by meter.")


class SeriesQuery(Schema):
    """Which part of a meter's history, in what steps."""

    range: RangeName = "30d"
    window: Literal["day", "hour"] = "day"
    group_by: str = Field("", max_length=60, description="A dimension of the meter.")
    top: int = Field(20, ge=1, le=100, description="The largest groups.")
    format: Literal["json", "csv"] = "json"
