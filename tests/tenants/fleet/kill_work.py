"""What a process does that is killed while it migrates, and how its workspaces are made and asked.

    python -m tests.tenants.fleet.kill_work COUNT FOLDER BODIES      # in a database of one's own

makes COUNT workspaces (their slugs as JSON), or with `finish` instead of COUNT migrates what is left
and says how each workspace of the database is.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import django

STEPS = (
    "migrate.planned",
    "migrate.recorded",
    "migrate.before-commit",
    "migrate.committed",
    "migrate.canaries-done",
    "migrate.replayed",
    "migrate.wave-done",
)


def migrate(argument: str) -> None:
    """`argument`: JSON of the package with the migrations, its folder, and the slugs."""
    from django.core.management import call_command

    from tests.tenants.fleet import later

    package, folder, slugs = json.loads(argument)
    with later.running(package, Path(folder)):
        call_command("migrate_tenants", tenant=slugs, workers=2, first_wave=1, verbosity=0)


def state_of(slug: str) -> tuple[bool, bool, list[str]]:
    """Whether it counts as current, whether its table has the new column, and what is recorded."""
    from tenants.models import Tenant
    from tenants.pool import fingerprints
    from tests.tenants.fleet.conftest import ask

    tenant = Tenant.objects.get(slug=slug)
    columns = ask(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = %s AND table_name = 'product_link'",
        tenant.schema_name,
    )
    rows = f"FROM \"{tenant.schema_name}\".django_migrations WHERE app = 'product' ORDER BY id"
    names = ask(f"SELECT name {rows}")
    return tenant.fingerprint == fingerprints.of_migrations(), "note" in columns, names


def is_whole(slug: str) -> bool:
    """On the old version or on the new one, in every respect, and in nothing between."""
    current, column, names = state_of(slug)
    old = (False, False, names[:1])
    new = (True, True, [*names[:1], "0002_add_note", "0003_add_mark"])
    return (current, column, names) in (old, new)


def main(what: str, package: str, folder: str) -> dict[str, list[str]]:
    from django.core.management import call_command

    from tenants.models import Tenant
    from tests.tenants.fleet import later
    from tests.tenants.fleet.conftest import make_workspace

    if what != "finish":
        return {"slugs": [make_workspace().slug for _ in range(int(what))]}
    with later.running(package, Path(folder)):
        slugs = list(
            Tenant.objects.filter(slug__startswith="fleet-").values_list("slug", flat=True)
        )
        broken = [slug for slug in slugs if not is_whole(slug)]
        call_command("migrate_tenants", tenant=slugs, verbosity=0)
        left = [slug for slug in slugs if not state_of(slug)[0] or not is_whole(slug)]
    return {"slugs": slugs, "broken": broken, "left": left}


if __name__ == "__main__":
    django.setup()
    print(json.dumps(main(*sys.argv[1:])))
