"""What a run would do, found out before it touches anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tenants.fleet import route, versions
from tenants.fleet.route import Route
from tenants.models import Tenant


@dataclass(frozen=True)
class Move:
    """A workspace and its way."""

    tenant: Tenant
    route: Route


@dataclass
class Plan:
    """Canaries first, one by one; then the waves, each in parallel."""

    total: int  # workspaces in the fleet
    canaries: list[Move] = field(default_factory=list)
    waves: list[list[Move]] = field(default_factory=list)
    # Nothing to do but to say so: their migration files have changed, their tables need not.
    current: list[Tenant] = field(default_factory=list)
    without_schema: list[Tenant] = field(default_factory=list)

    @property
    def moves(self) -> list[Move]:
        return [*self.canaries, *(move for wave in self.waves for move in wave)]

    @property
    def behind(self) -> int:
        return len(self.moves) + len(self.current) + len(self.without_schema)


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How careful and how fast. Times are in seconds."""

    workers: int = 4
    canaries: int = 1  # for each version that workspaces are at
    first_wave: int = 10
    wave: int = 200
    lock_timeout: float = 0.4  # below PostgreSQL's deadlock_timeout: we give way, not a request
    retries: int = 5
    stop_after: int = 10  # failures in one wave that keep the next from beginning


def make(tenants: Sequence[Tenant], *, pace: Pace) -> Plan:
    """The plan for workspaces that are behind, the oldest of each version in front: it has most
    data, so it finds most. Raises route.NotAtomic."""
    plan = Plan(total=versions.fleet().count())
    rest: list[Move] = []
    for version, members in versions.by_version(tenants).items():
        if version is None:
            plan.without_schema += members
            continue
        way = route.find(version, example=members[0])
        if not way.stops:
            plan.current += members
            continue
        moves = [Move(tenant, way) for tenant in members]
        plan.canaries += moves[: pace.canaries]
        rest += moves[pace.canaries :]
    rest.sort(key=lambda move: (move.tenant.created_at, move.tenant.pk))
    plan.waves = _waves(rest, pace)
    return plan


def _waves(moves: list[Move], pace: Pace) -> list[list[Move]]:
    first, later = moves[: pace.first_wave], moves[pace.first_wave :]
    waves = [later[start : start + pace.wave] for start in range(0, len(later), pace.wave)]
    return [wave for wave in (first, *waves) if wave]
