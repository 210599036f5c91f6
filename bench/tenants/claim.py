"""A claim (schema, tenant, domain, owner in one transaction) against stock creation of a schema."""

from __future__ import annotations

import statistics
import time
from dataclasses import replace

from bench import project
from bench.figures import Figure, percentile
from bench.sizes import FULL, Size
from bench.tenants import stock
from plg_site.devstack.stack import Stack

TURNS, CLAIMS = 5, 100
MEDIAN, P99 = 10, 25  # ms
FASTER = 100  # times than stock with the shared migrations skipped


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    project.set_up("claim", stack=stack, fresh=True)
    turns = size.of(TURNS)
    count = size.of(CLAIMS, at_least=5)
    fill(turns * count)
    taken, by_stock = [], []
    for turn in range(turns):  # so that both meet the machine at the same speed
        taken += claims(count, prefix=f"claimed-{turn}")
        by_stock.append(stock.typical(runs=1) * 1000)
    seeded = statistics.median(by_stock)
    row = Figure(
        name="claim, median",
        value=statistics.median(taken),
        unit="ms",
        reference="ms for the schema by stock, shared migrations skipped",
        reference_value=seeded,
        bar=MEDIAN,
        bar_on="value",
        better="less",
        note=f"{len(taken)} claims one after the other; of create_workspace, which also opens the account,"
        f" records events and writes the audit log, it is"
        f" {whole_creation(size.of(50, at_least=3)):.1f} ms",
    )
    rows = [
        row,
        replace(row, name="claim, p99", value=percentile(taken, 99), bar=P99, note=""),
        replace(row, name="claim against stock", bar=1 / FASTER, bar_on="ratio", note=""),
    ]
    if size is FULL:  # once, as it takes minutes
        from tenants.pool import schemas

        name = schemas.new_name()
        whole = stock.create(name, shared_seeded=False) * 1000
        stock.drop(name)
        rows.append(
            replace(
                rows[2],
                name="claim against stock as it comes",
                reference="ms for the schema by stock django-tenants",
                reference_value=whole,
            )
        )
    return rows


def fill(count: int) -> None:
    """So many ready schemas of the template for everybody."""
    from tenants import pool
    from tenants.pool import templates

    first = templates.listed()[0]
    while pool.levels()[first.name] < count:
        pool.add(first)


def claims(count: int, *, prefix: str) -> list[float]:
    """Milliseconds of each claim, the commit included, from a pool that holds enough."""
    from django.db import transaction

    from identity.persons import person_of
    from tenants.signing_up import provisioning

    owner = _owner(prefix)
    person_id = person_of(owner).id
    taken = []
    for number in range(count):
        wanted = provisioning.NewWorkspace(name="Claimed", slug=f"{prefix}-{number}")
        began = time.perf_counter()
        with transaction.atomic():
            provisioning.claim(wanted, owner=owner, person_id=person_id)
        taken.append((time.perf_counter() - began) * 1000)
    return taken


def whole_creation(count: int) -> float:
    """The median of create_workspace, in milliseconds."""
    from tenants.signing_up import provisioning

    fill(count)
    owner, taken = _owner("whole"), []
    for number in range(count):
        wanted = provisioning.NewWorkspace(name="Whole", slug=f"whole-{number}", is_first=True)
        began = time.perf_counter()
        provisioning.create_workspace(wanted, owner=owner)
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def _owner(name: str):  # type: ignore[no-untyped-def]
    from identity.models import User

    return User.objects.create_user(f"owner@{name}.example", "correct horse", name="Owner")
