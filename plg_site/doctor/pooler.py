"""What stands between us and PostgreSQL, found out by experiment (tenants/pooler.py)."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg

from plg_site.doctor.findings import Finding, fine, problem, warning
from tenants import pooler
from tenants.pooler import Mode

TITLE = "Pooler"


def look() -> Iterator[Finding]:
    try:
        found = pooler.examine()
    except psycopg.Error as error:
        yield problem(
            f"the experiment was cut short: {str(error).strip().splitlines()[0]}",
            "The database is away, or a pooler has no free connection: give it more "
            "(default_pool_size), then run this again.",
        )
        return
    facts = {"mode": found.mode.name.lower(), "asked": found.asked, "wrong": found.wrong}
    if found.refusal:
        says, _, do = found.refusal.partition(". ")
        yield problem(says, do or "Use PgBouncer 1.25.1 or newer, or its session mode.", **facts)
    elif found.mode is Mode.FOLLOWS and not found.pgbouncer:
        yield warning(
            f"{found.mode.value}; its version is not for us to see",
            "Make sure that it is PgBouncer 1.25.1 or newer (CVE-2025-12819); with our user among "
            "its stats_users, doctor can see for itself.",
            **facts,
        )
    else:
        yield fine(found.mode.value, **facts)
