"""Ready workspaces: a sign-up that finds none waits for seconds."""

from __future__ import annotations

from collections.abc import Iterator

from plg_site.doctor.findings import Finding, fine, problem, warning
from tenants import pool
from tenants.models import Status, Tenant
from tenants.pool import schema_script, wanted_schemas

TITLE = "Pool"


def look() -> Iterator[Finding]:
    if schema_script() is None:
        yield problem(
            "there is no template of the current migrations: sign-ups wait",
            "Run manage.py migrate_tenants (manage.py prepare does).",
        )
        return
    ready, wanted = pool.levels(), wanted_schemas()
    says = ", ".join(f"{name} {count} of {wanted[name]}" for name, count in ready.items())
    facts: dict[str, object] = {"ready": ready, "wanted": wanted}
    start = "Is the worker running, and beat? tenants.tasks.refill_pool fills it every 15 seconds."
    if any(wanted[name] and not count for name, count in ready.items()):
        yield problem(f"empty: {says}", start, **facts)
    elif any(count < wanted[name] / 2 for name, count in ready.items()):
        yield warning(f"low: {says}", start, **facts)
    else:
        yield fine(f"ready: {says}", **facts)
    if waiting := Tenant.objects.filter(status=Status.PREPARING).count():
        yield warning(f"{waiting} workspaces wait for their schema", start, waiting=waiting)
