"""What should have appeared on the site, or ended, and has not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Late:
    """What should have appeared, or ended (`ends`), and has not. `page` is None for what is none."""

    key: str
    page: int | None
    title: str
    ends: bool
    due: datetime
    why: str
