"""A new workspace finds nothing but the button."""

from __future__ import annotations

from typing import Any


def seed_workspace() -> None:
    """Nothing to furnish."""


def seed_demo(tenant: Any, owner: Any) -> None:
    """Nothing to tell."""
