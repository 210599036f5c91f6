"""A plan and a report, as lines for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tenants.fleet import hazards
from tenants.fleet.planning import Pace, Plan
from tenants.fleet.route import Route
from tenants.fleet.running import Report

_SHOWN = 20  # failures in full; `doctor` and the table have the others


def plan_in_words(plan: Plan, *, pace: Pace) -> Iterator[str]:
    """What would happen, version by version."""
    yield f"{plan.behind:,} of {plan.total:,} workspaces are behind."
    counted = Counter(id(move.route) for move in plan.moves)
    routes = {id(move.route): move.route for move in plan.moves}
    for key, count in counted.most_common():
        yield f"  {_workspaces(count)} at {_version(routes[key])}:"
        for stop in routes[key].stops:
            how = "SQL, recorded once and replayed" if stop.replayable else "through Django, each"
            yield f"    {stop.name}  ({how})"
            for hazard in hazards.of(stop.migration, before=stop.state):
                yield f"      ! {hazard}"
    if plan.current:
        yield f"  {_workspaces(len(plan.current))} have every migration: only marked as current"
    for tenant in plan.without_schema:
        yield f"  {tenant.slug} has no schema {tenant.schema_name}: would fail"
    if plan.canaries:
        yield f"  canaries, one by one: {', '.join(move.tenant.slug for move in plan.canaries)}"
    if plan.waves:
        sizes = ", ".join(f"{len(wave):,}" for wave in plan.waves[:8])
        more = f" and {len(plan.waves) - 8} more" if len(plan.waves) > 8 else ""
        yield f"  waves of {sizes}{more}, {pace.workers} at a time"


def report_in_words(report: Report, *, took: str) -> Iterator[str]:
    """What came of a run, with the reason of each failure."""
    parts = [f"{report.migrated:,} migrated"]
    parts += [f"{report.already:,} were current already"] if report.already else []
    parts += [f"{len(report.failed):,} failed"] if report.failed else []
    yield f"{', '.join(parts)} in {took}."
    for failed in report.failed[:_SHOWN]:
        yield f"  ✗ {failed.tenant.slug}: {failed.reason}"
    if len(report.failed) > _SHOWN:
        yield f"  … and {len(report.failed) - _SHOWN:,} more"
    if report.failed:
        yield "These stay on their old version, which still works. Mend the cause and run it again."
    if report.stopped:
        yield f"{report.stopped} ({_workspaces(report.not_tried)})"


def _version(route: Route) -> str:
    """The last migration of each app that it has."""
    last: dict[str, str] = {}
    for app, name in sorted(route.version):
        last[app] = f"{app}.{name}"
    return ", ".join(last.values()) or "nothing"


def _workspaces(count: int) -> str:
    return "1 workspace" if count == 1 else f"{count:,} workspaces"
