"""What is asked of a meter."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from metering.periods.windows import Window


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a meter counted from `start` (included; None: ever) to `end` (not included; None: ever).

    `window` splits the span: at each full minute or hour, midnight, or first of a month in
    `time_zone` (an IANA name); the first and last window end where the span does. `filters` keep
    only these values of a dimension; `group_by` gives each combination of values rows of its own,
    and `top` keeps only the n largest groups (by the sum over their windows). Dimensions are those
    that the meter declares; over all workspaces, "tenant" is one more.
    """

    meter: str
    start: datetime | None = None
    end: datetime | None = None
    window: Window | None = None
    time_zone: str = "UTC"
    filters: Mapping[str, Collection[str | None]] = field(default_factory=dict)
    group_by: Sequence[str] = ()
    top: int | None = None
