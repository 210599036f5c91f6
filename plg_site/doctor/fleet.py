"""Workspaces whose tables are of an older version than the code, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from plg_site.doctor.findings import Finding, fine, problem
from tenants import fleet
from tenants.models import MigrationFailure

TITLE = "Workspaces"
_REASONS = 5


def look() -> Iterator[Finding]:
    total, behind = fleet.fleet().count(), fleet.behind().count()
    if not behind:
        yield fine(f"all {total:,} are at the version of the code", total=total)
        return
    yield problem(
        f"{behind:,} of {total:,} are behind the code",
        "Run manage.py migrate_tenants (first with --plan to see what it would do).",
        total=total,
        behind=behind,
    )
    failures = MigrationFailure.objects.filter(tenant__in=fleet.behind()).select_related("tenant")
    reasons = Counter[str]()
    example: dict[str, str] = {}
    for failure in failures:
        reasons[failure.reason] += 1
        example.setdefault(failure.reason, failure.tenant.slug)
    for reason, count in reasons.most_common(_REASONS):
        yield problem(
            f"{count:,} failed, {example[reason]} for one: {reason}",
            f"Mend it, then try one: manage.py migrate_tenants --tenant {example[reason]}",
            failed=count,
        )
