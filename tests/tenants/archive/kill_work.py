"""What processes do that stand at a step of export, import or purge when PostgreSQL is killed.

python -m tests.tenants.archive.kill_work furnish   # a piece of work for each step, as JSON
python -m tests.tenants.archive.kill_work finish '…'  # do what is left of it; how it ended, as JSON
"""

from __future__ import annotations

import io
import json
import sys
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import django

EXPORT = ("export.snapshot", "export.written", "export.stored")
IMPORT = ("import.verified", "import.claimed", "import.files", "import.rows", "import.written")
PURGE = ("purge.begun", "purge.one-file", "purge.files", "purge.events", "purge.rows")
STEPS = {"export": EXPORT, "bring": IMPORT, "purge": PURGE}
Furnished = dict[str, list[str]]  # kind of work to a key for each of its steps


def export(key: str) -> None:
    from tenants.archive import exports

    exports.make(UUID(key))


def bring(key: str) -> None:
    from tenants.archive import imports

    imports.run(UUID(key))


def purge(key: str) -> None:
    from django.utils import timezone

    from tenants.life import purge as purging
    from tenants.models import Tenant

    purging.purge(Tenant.objects.get(pk=key), now=timezone.now() + timedelta(days=40))


def furnish() -> Furnished:
    """An export, an import and a deleted workspace for each step at which one will be interrupted."""
    from tenants.archive import exports, imports
    from tenants.life import deletion
    from tests.tenants.archive import world

    owner = world.a_person("kim")
    source = world.a_workspace(owner, name="Source")
    archive = world.archive_of(source)
    others = [world.a_person(f"lee{number}") for number in range(len(IMPORT) + len(EXPORT))]
    made: Furnished = {"source": [str(source.pk)], "purge": []}
    # Each with an address of its own: those who want the same one wait for each other.
    slugs = [f"kill-{uuid4().hex[:12]}" for _ in IMPORT]
    brought = [imports.bring(io.BytesIO(archive), owner=others.pop(), slug=slug) for slug in slugs]
    made["bring"] = [str(each.pk) for each in brought]
    made["export"] = [
        str(exports.ask(world.a_workspace(person), by=person, with_events=False).pk)
        for person in others
    ]
    for number, _ in enumerate(PURGE):
        leaver = world.a_person(f"max{number}")
        gone = world.a_workspace(leaver, name="Gone")
        deletion.delete(gone, by=leaver)
        made["purge"].append(str(gone.pk))
    return made


def finish(furnished: Furnished) -> dict[str, Any]:
    """Do again what was interrupted, and say what is there: see the test."""
    from tenants.archive import exports
    from tenants.models import Export, Import, PurgeReceipt, Tenant
    from tests.tenants.archive import world

    brought = Import.objects.filter(pk__in=furnished["bring"])
    before = brought.exclude(tenant=None).count()
    half = [key for key in furnished["purge"] if not Tenant.objects.filter(pk=key).exists()]
    for kind, act in (("export", export), ("bring", bring), ("purge", purge)):
        for key in furnished[kind]:
            act(key)
    made = Export.objects.filter(pk__in=furnished["export"])
    tenants = [each.tenant for each in brought.all()]
    source = world.stored(Tenant.objects.get(pk=furnished["source"][0]))
    receipts = PurgeReceipt.objects.filter(tenant_id__in=furnished["purge"]).exclude(hash="")
    schemas = [Tenant.with_purged.get(pk=key).schema_name for key in furnished["purge"]]
    return {
        "before": [before, half],
        "exports": [
            each.size == exports.storage().size(each.stored_as) and each.state == "ready"
            for each in made
        ],
        "imports": [tenant is not None and world.stored(tenant) == source for tenant in tenants],
        "workspaces": len({tenant.pk for tenant in tenants if tenant}),
        "purged": [receipts.count(), Tenant.objects.filter(pk__in=furnished["purge"]).count()],
        "files": [name for name in world.folders() if name.startswith(tuple(schemas))],
    }


if __name__ == "__main__":
    django.setup()
    said = furnish() if sys.argv[1] == "furnish" else finish(json.loads(sys.argv[2]))
    print(json.dumps(said))
