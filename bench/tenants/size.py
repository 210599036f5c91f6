"""The same with 2,000 workspaces as with 10: claims, sign-ups, a burst, and making a schema."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

import psycopg

from bench import project
from bench.figures import Figure, percentile
from bench.sizes import Size
from bench.tenants import burst, claim, deployed, people
from plg_site.devstack.options import ROOT
from plg_site.devstack.programs import without_services
from plg_site.devstack.stack import Stack

FEW, MANY = 10, 2_000
CLAIMS, SECONDS, AT_ONCE, MADE = 300, 20, 100, 30
BAR = 1.3  # times; what a noisy machine makes of "the same"
_SAYS = "size: "  # in front of what an installation answers


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
    """Two installations take turns, so that a machine that is slower for a minute is so for both."""
    few, many = size.of(FEW, at_least=2), size.of(MANY, at_least=6)
    with _installation(few, size) as with_few, _installation(many, size) as with_many:
        turns = [(with_few(), with_many()) for _ in range(size.runs)]
    small, large = (_median([turn[which] for turn in turns]) for which in (0, 1))
    return [
        Figure(
            name=f"{title}, with {many:,} workspaces",
            value=getattr(large, key),
            unit="ms",
            reference=f"ms with {few}",
            reference_value=getattr(small, key),
            bar=BAR,
            better="less",
            void=small.lost or large.lost,
        )
        for key, title in NAMES.items()
    ]


@contextmanager
def _installation(workspaces: int, size: Size) -> Iterator[Callable[[], Measured]]:
    """A process with services of its own and so many workspaces, that measures when it is told to."""
    command = [sys.executable, "-m", "bench.tenants.size", "installation"]
    child = subprocess.Popen(  # noqa: S603
        [*command, json.dumps([workspaces, size.scale, size.runs])],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def answer() -> Any:
        for line in child.stdout or ():
            if line.startswith(_SAYS):
                return json.loads(line.removeprefix(_SAYS))
        raise RuntimeError(f"The installation with {workspaces} workspaces has ended.")

    def measure() -> Measured:
        print(file=child.stdin, flush=True)
        return Measured(**answer())

    try:
        answer()
        yield measure
    finally:
        child.communicate(timeout=120)  # nothing more to do: it stops


def _run_an_installation(workspaces: int, scale: float, runs: int) -> None:
    size = Size(scale, runs)
    with Stack(environ=without_services(os.environ)).start(services_only=True) as stack:
        os.environ.update(stack.env)
        log = project.set_up("size", stack=stack, tables=True)
        present(workspaces)
        with deployed.running(log) as site:
            _say("ready")
            for number, _ in enumerate(sys.stdin):
                _say(asdict(_measure(stack, site, size, f"run-{number}")))


def _say(what: object) -> None:
    print(f"{_SAYS}{json.dumps(what)}", flush=True)


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
    from tenants import pool
    from tenants.pool import templates

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
            [sys.executable, "-m", "bench.tenants.size", "present", json.dumps([share, number])],
            cwd=ROOT,
        )
        for number, share in enumerate(shares)
        if share > 0
    ]
    if any(process.wait() for process in started):
        raise RuntimeError("The workspaces could not be made.")


def _make_workspaces(count: int, number: int) -> None:
    import django

    django.setup()
    from identity.models import User
    from tenants.signing_up import provisioning

    name = f"present-{number}-{time.monotonic_ns()}"
    owner = User.objects.create_user(f"owner@{name}.example", "correct horse", name="Owner")
    for each in range(count):
        wanted = provisioning.NewWorkspace(
            name="Present", slug=f"p{number}-{name[-8:]}-{each}", is_first=True
        )
        provisioning.create_workspace(wanted, owner=owner)


if __name__ == "__main__":
    works: dict[str, Callable[..., None]] = {
        "present": _make_workspaces,
        "installation": _run_an_installation,
    }
    works[sys.argv[1]](*json.loads(sys.argv[2]))
