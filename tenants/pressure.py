"""What workspaces know of pressure: how full the pool of ready schemas is, and waits for the database."""

from __future__ import annotations

from events import pressure, shedding
from tenants import pool
from tenants.database.waiting import Waits

SIGNUP = "signup"


def register() -> None:
    """Called once, when apps are ready."""
    pressure.gauge("database_waits", Waits().mean)
    pressure.register(
        pressure.Signal(
            "database_waits",
            "Wait for a database connection",
            thresholds=(50, 300, 1_500),
            read=lambda: pressure.read_gauge("database_waits"),
            unit="ms",
        ),
        # Without schemas sign-ups still come, so this alone never closes anything.
        pressure.Signal(
            "pool",
            "Ready workspaces that are missing",
            thresholds=(75, 100, None),
            read=_missing,
            unit="%",
        ),
    )
    shedding.register(
        shedding.Measure("exports", 2, "Workspaces get no new archives of their data."),
        shedding.Measure(
            SIGNUP, 3, "Sign-up has a waiting room; invitations and signed links pass it."
        ),
    )


def _missing() -> float | None:
    """Of the schemas that shall be ready, in percent; of the template that has the fewest."""
    wanted, ready = pool.wanted_schemas(), pool.levels()
    shares = [1 - ready.get(name, 0) / most for name, most in wanted.items() if most > 0]
    return 100 * max(0.0, max(shares)) if shares else None
