"""The demo of this product."""

from __future__ import annotations

from typing import Any


def seed_demo(tenant: Any, owner: Any) -> None:
    """Nothing to tell."""
