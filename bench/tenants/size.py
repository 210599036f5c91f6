"""The same with 2,000 workspaces as with 10: claims, sign-ups, a burst, and making a schema."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg

from bench import project
from bench.figures import Figure, percentile
from bench.sizes import Size
from bench.tenants import burst, claim, deployed, people
from plg_site.devstack.options import ROOT
from plg_site.devstack.stack import Stack

FEW, MANY = 10, 2_000
CLAIMS, SECONDS, AT_ONCE, MADE = 300, 20, 100, 30
BAR = 1.3  # times; what a noisy machine makes of "the same"


@dataclass(frozen=True)
class Measured:
    """Times in milliseconds, of one run or the medians of all."""

    claim: float
    claim_p99: float
    post: float
    post_p99: float
    usable_p99: float
    burst: float
    schema: float
    lost: str  # what the first who was refused was told


NAMES = {
    "claim": "claim, median",
    "claim_p99": "claim, p99",
    "post": "sign-up POST, median",
    "post_p99": "sign-up POST, p99",
    "usable_p99": "sign-up to a usable workspace, p99",
    "burst": f"{AT_ONCE} sign-ups at once: the last workspace is usable",
    "schema": "making a schema for the pool, median",
}


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    log = project.set_up("size", stack=stack, fresh=True)
    few, many = size.of(FEW, at_least=2), size.of(MANY, at_least=6)
    with deployed.running(log) as site:
        present(few)
        with_few = _median([_measure(stack, site, size, f"few-{run}") for run in range(size.runs)])
        present(many)
        with_many = _median(
            [_measure(stack, site, size, f"many-{run}") for run in range(size.runs)]
        )
    return [
        Figure(
            name=f"{title}, with {many:,} workspaces",
            value=getattr(with_many, key),
            unit="ms",
            reference=f"ms with {few}",
            reference_value=getattr(with_few, key),
            bar=BAR,
            better="less",
            void=with_few.lost or with_many.lost,
        )
        for key, title in NAMES.items()
    ]


def _measure(stack: Stack, site: people.Site, size: Size, tag: str) -> Measured:
    _write_down(stack)
    count = size.of(CLAIMS, at_least=5)
    schemas = [_make() for _ in range(size.of(MADE, at_least=3))]
    claim.fill(count)
    claims = claim.claims(count, prefix=f"{tag}-claim")
    slugs = [f"{tag}-{number}" for number in range(round(10 * size.of(SECONDS, at_least=1)))]
    crowd = [f"{tag}-once-{number}" for number in range(size.of(AT_ONCE, at_least=10))]
    people.at_a_rate(site, [f"{tag}-warm-{number}" for number in range(4)], rate=4)
    deployed.an_ordinary_day()
    visits = people.at_a_rate(site, slugs, rate=10)
    deployed.an_ordinary_day()
    at_once = people.at_once(site, crowd)
    lost = next((visit.why for visit in [*visits, *at_once] if visit.why), "")
    if not lost:
        burst.count_again([*slugs, *crowd])
    posts = [visit.answered * 1000 for visit in visits]
    return Measured(
        claim=statistics.median(claims),
        claim_p99=percentile(claims, 99),
        post=statistics.median(posts),
        post_p99=percentile(posts, 99),
        usable_p99=percentile([visit.usable * 1000 for visit in visits], 99),
        burst=max(visit.usable * 1000 for visit in at_once),
        schema=statistics.median(schemas),
        lost=lost,
    )


def _write_down(stack: Stack) -> None:
    """A checkpoint. It has the files of all schemas to write that were made for this at once; whoever
    signs up meanwhile would wait for the disk."""
    admin = f"postgres:{stack.state.secret('postgres_admin_password')}"
    where = urlsplit(stack.env["DATABASE_URL"])
    with psycopg.connect(
        f"postgres://{admin}@{where.hostname}:{where.port}/postgres", autocommit=True
    ) as server:
        server.execute("CHECKPOINT")


def _median(runs: list[Measured]) -> Measured:
    """Each time by itself."""
    times = {key: statistics.median(getattr(run, key) for run in runs) for key in NAMES}
    return Measured(**times, lost=next((run.lost for run in runs if run.lost), ""))


def _make() -> float:
    """Milliseconds to add one to the pool."""
    from tenants import pool, templates

    began = time.perf_counter()
    pool.add(templates.listed()[0])
    return (time.perf_counter() - began) * 1000


def present(count: int) -> None:
    """So many workspaces with schema, domain and owner; made by two processes."""
    from tenants.models import Tenant

    missing = count - Tenant.objects.count()
    shares = [missing // 2, missing - missing // 2] if missing > 10 else [missing]
    started = [
        subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "bench.tenants.size", json.dumps([share, number])], cwd=ROOT
        )
        for number, share in enumerate(shares)
        if share > 0
    ]
    if any(process.wait() for process in started):
        raise RuntimeError("The workspaces could not be made.")


def _main(count: int, number: int) -> None:
    from identity.models import User
    from tenants import provisioning

    name = f"present-{number}-{time.monotonic_ns()}"
    owner = User.objects.create_user(f"owner@{name}.example", "correct horse", name="Owner")
    for each in range(count):
        wanted = provisioning.NewWorkspace(name="Present", slug=f"p{number}-{name[-8:]}-{each}")
        provisioning.create_workspace(wanted, owner=owner)


if __name__ == "__main__":
    import django

    django.setup()
    _main(*json.loads(sys.argv[1]))
