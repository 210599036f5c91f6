"""Everything between an empty database and a project that can be used, step by step.

Each step may run again at any time and costs next to nothing when there is nothing to do.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor

from outbound import letter_editors
from plg_site import baseline
from plg_site.development import demo
from plg_site.operating import giving_way, versions
from plg_site.operating.tables_first import tables_first
from tenants import fleet, pool

Step = tuple[str, Callable[[], str]]
Say = Callable[[str], None]


def steps(
    *, with_demo: bool, say: Say = lambda line: None, rebuild_later: bool = False
) -> Iterator[Step]:
    """The steps in order: a title, and a function that does it and says in words what it did.

    What takes long says on the way how far it is. `rebuild_later`: rollups that are not of this
    code's making stay so; until `rebuild_rollups`, usage is counted from the raw events.
    """
    yield "Version", version  # first: what it refuses has touched nothing
    if not settings.WATCH_FILES and settings.STATIC_ROOT.is_relative_to(settings.STATE_DIR):
        yield "Static files", static_files
    yield "Shared tables", lambda: shared_tables(say=say)
    yield "Version written down", version
    yield "Event store", lambda: event_store(say=say, rebuild_later=rebuild_later)
    yield "Workspace template and pool", workspace_pool
    yield "Workspaces", workspaces
    yield "Plans in Stripe", plans_in_stripe
    yield "Website content", lambda: website(demo=with_demo)
    if with_demo:
        yield "Demo workspaces", demo.seed
    yield "Website published", published
    yield "Version complete", versions.finish


def version() -> str:
    """Whether this code may follow the one that was here. Raises CommandError when not."""
    try:
        return versions.begin()
    except versions.CannotFollow as error:
        raise CommandError(str(error)) from error


def static_files() -> str:
    """Hashed copies for WhiteNoise; pages of the website name them, so this comes first. Those of an
    image (STATIC_DIR) are there already."""
    call_command("collectstatic", interactive=False, verbosity=0)
    return "collected"


def lacks() -> str:
    """What tables of this code are not there yet, in words; "" when none. Changes nothing."""
    if todo := _migrations():
        return f"{len(todo)} migrations of the shared tables"
    if behind := fleet.behind().count():
        return f"{behind} workspaces are of another version"
    return ""


def _migrations() -> list[tuple[Migration, bool]]:
    executor = MigrationExecutor(connection)
    return executor.migration_plan(executor.loader.graph.leaf_nodes())


def shared_tables(*, say: Say = lambda line: None) -> str:
    """Raises CommandError where tables are in use at every try."""
    restored = baseline.restore()
    if todo := _migrations():
        giving_way.until_free(_migrate_shared, say=say)
    letter_editors.make_group()
    words = ["restored from the baseline"] if restored else []
    return ", ".join([*words, f"{len(todo)} migrations"])


def _migrate_shared() -> None:
    with tables_first():
        call_command("migrate_schemas", shared=True, interactive=False, verbosity=0)


def event_store(*, say: Say = lambda line: None, rebuild_later: bool = False) -> str:
    """Tables, and rollups that are what this code makes. Raises CommandError when they cannot be."""
    from events.errors import StepEdited
    from events.store import get_store
    from metering import rollups
    from metering.rollups import CannotRebuild

    try:
        giving_way.until_free(get_store().migrate, say=say)
        outdated = rollups.settle(say=say, later=rebuild_later)
    except (StepEdited, rollups.NotOfOneMaking, CannotRebuild) as error:
        raise CommandError(str(error)) from error
    if outdated:
        return f"up to date; manage.py rebuild_rollups has to count {', '.join(outdated)} again"
    return "up to date"


def workspace_pool() -> str:
    made = pool.refill()
    return f"{made} made, {pool.level()} ready"


def workspaces() -> str:
    """Those that exist get the tables of this code. Raises CommandError when one does not."""
    said = io.StringIO()
    try:
        call_command("migrate_tenants", no_pool=True, stdout=said)
    except CommandError as error:
        raise CommandError(f"{said.getvalue()}{error}") from error
    return said.getvalue().strip().splitlines()[-1]


def plans_in_stripe() -> str:
    call_command("sync_catalogue", verbosity=0)
    return "in step with the catalogue"


def website(*, demo: bool) -> str:
    from cms.seed import seed_site

    seed_site(demo=demo)
    return "in place"


def published() -> str:
    from cms import releases

    built = releases.build()
    failed = f", {len(built.failures)} pages failed" if built.failures else ""
    return f"{len(built.entries)} files, {built.reused} of them as before{failed}"
