"""One added migration over a fleet, and a run that has nothing to do, against stock `migrate_schemas`.

Stock migrates a few workspaces of the same fleet in the same run, and its time for all is worked
out from these: for a thousand it would take a quarter of an hour. Each round is a release with one
more column and index.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench import project
from bench.figures import Figure
from bench.sizes import Size
from plg_site.devstack.options import ROOT
from plg_site.devstack.stack import Stack

if TYPE_CHECKING:
    from tenants.models import Tenant

FLEET, IDLE_FLEET = 1_000, 2_000
SAMPLE = 4  # workspaces that stock migrates in each round
FASTER, IDLE_SECONDS = 100, 2
MAKERS = 4
_MIGRATION = """
from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("product", "{before}")]
    operations = [
        migrations.AddField("link", "bench_{n}", models.CharField(max_length=80, db_default="")),
        migrations.AddIndex("link", models.Index(fields=["bench_{n}"], name="links_bench_{n}")),
    ]
"""


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    project.set_up("migrate", stack=stack, tables=True)
    count, sample = size.of(FLEET, at_least=6), min(SAMPLE, size.of(FLEET, at_least=2))
    tenants = _make_fleet(count + sample)
    mine, theirs = tenants[:count], tenants[count:]
    try:
        ours, stock = [], []
        with tempfile.TemporaryDirectory() as folder:
            for release in range(1, size.runs + 1):
                with _release(Path(folder), release):
                    _mark(_others(tenants))
                    stock.append(_stock(theirs) / sample * count)
                    _mark(theirs)
                    ours.append(_ours(mine))
            with _release(Path(folder), size.runs):
                idle_stock = _stock(theirs) / sample
        return [
            _added(count, statistics.median(ours), statistics.median(stock), sample),
            _idle(tenants, size, idle_stock, sample, stack),
        ]
    finally:
        _remove(tenants)


def _added(count: int, ours: float, stock: float, sample: int) -> Figure:
    return Figure(
        name=f"one added migration over {count:,} workspaces",
        value=ours,
        unit="s",
        reference="s for stock migrate_schemas",
        reference_value=stock,
        bar=1 / FASTER,
        better="less",
        note=f"4 workers; stock: its standard executor over {sample} of them, times {count / sample:g}",
    )


def _idle(tenants: list[Tenant], size: Size, stock: float, sample: int, stack: Stack) -> Figure:
    """Rows are enough: a workspace that is current is not looked at."""
    count = size.of(IDLE_FLEET, at_least=8)
    rows = _add_rows(count - len(tenants))
    _mark([*tenants, *rows])
    try:
        value = statistics.median(_ours([]) for _ in range(max(size.runs, 3)))
        whole = _as_a_process(stack)
    finally:
        _remove(rows)
    return Figure(
        name=f"nothing to do for {count:,} workspaces",
        value=value,
        unit="s",
        reference="s for stock migrate_schemas",
        reference_value=stock * count,
        bar=IDLE_SECONDS,
        bar_on="value",
        better="less",
        note=f"{whole:.1f} s from the shell, with the start of Python and Django; stock: without its "
        f"start, over {sample} workspaces, times {count / sample:g}",
    )


def _make_fleet(count: int) -> list[Tenant]:
    from django.db import connection

    from tenants.models import Tenant
    from tenants.pool import fingerprints, schemas, templates

    def make(number: int) -> Tenant:
        try:
            schemas.make(name := schemas.new_name(), template=templates.EMPTY)
            return Tenant(
                name=f"Bench {number}",
                slug=f"bench-migrate-{number}",
                schema_name=name,
                fingerprint=fingerprints.of_migrations(),
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(MAKERS) as threads:
        return Tenant.objects.bulk_create(list(threads.map(make, range(count))))


def _add_rows(count: int) -> list[Tenant]:
    from tenants.models import Tenant

    return Tenant.objects.bulk_create(
        Tenant(name=slug, slug=slug, schema_name=slug.replace("-", "_"))
        for slug in (f"bench-idle-{number}" for number in range(count))
    )


def _others(tenants: list[Tenant]) -> list[Tenant]:
    """What other modules of the same run have left: not part of what is measured."""
    from tenants.models import Tenant

    return list(Tenant.objects.exclude(pk__in=[tenant.pk for tenant in tenants]))


def _mark(tenants: list[Tenant]) -> None:
    """They are at the version of the code."""
    from tenants.fleet import moving

    moving.mark_current(tenants)


def _ours(tenants: list[Tenant]) -> float:
    """Seconds; raises when a workspace is still behind afterwards."""
    from django.core.management import call_command

    from tenants.fleet import versions

    began = time.perf_counter()
    call_command("migrate_tenants", no_pool=True, stdout=sys.stderr)
    took = time.perf_counter() - began
    if left := versions.behind().filter(pk__in=[tenant.pk for tenant in tenants]).count():
        raise RuntimeError(f"{left} workspaces are still behind")
    return took


def _stock(tenants: list[Tenant]) -> float:
    from bench.tenants import stock

    return stock.migrate([tenant.schema_name for tenant in tenants])


def _as_a_process(stack: Stack) -> float:
    began = time.perf_counter()
    command = [sys.executable, str(ROOT / "manage.py"), "migrate_tenants", "--no-pool"]
    subprocess.run(command, env=stack.env, cwd=ROOT, check=True, capture_output=True)  # noqa: S603
    return time.perf_counter() - began


@contextmanager
def _release(folder: Path, number: int) -> Iterator[None]:
    """This process runs the code that has so many migrations more than the product has today."""
    from django.test import override_settings

    from tenants.pool import fingerprints

    package = folder / f"bench_release_{number}"
    if not package.exists():
        _write(package, number)
    sys.path.insert(0, str(folder))
    fingerprints.of_migrations.cache_clear()
    try:
        with override_settings(MIGRATION_MODULES={"product": package.name}):
            yield
    finally:
        sys.path.remove(str(folder))
        fingerprints.of_migrations.cache_clear()


def _write(package: Path, number: int) -> None:
    package.mkdir()
    (package / "__init__.py").write_text("")
    real = sorted((ROOT / "product" / "migrations").glob("0*.py"))
    for path in real:
        (package / path.name).write_text(path.read_text())
    before = real[-1].stem
    for n in range(1, number + 1):
        name = f"9{n:03}_bench"
        (package / f"{name}.py").write_text(_MIGRATION.format(before=before, n=n))
        before = name


def _remove(tenants: list[Tenant]) -> None:
    from django.db import connection

    from tenants.models import Tenant
    from tenants.pool import schemas

    def drop(tenant: Tenant) -> None:
        try:
            schemas.drop(tenant.schema_name)
        finally:
            connection.close()

    with ThreadPoolExecutor(MAKERS) as threads:
        list(threads.map(drop, tenants))
    Tenant.objects.filter(pk__in=[tenant.pk for tenant in tenants]).delete()
