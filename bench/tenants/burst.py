"""Two hundred sign-ups at the same moment: everybody is in, nobody twice."""

from __future__ import annotations

from bench import project
from bench.figures import Figure, percentile
from bench.sizes import Size
from bench.tenants import deployed, people, stock
from bench.tenants.people import Visit
from plg_site.devstack.stack import Stack

AT_ONCE = 200
BAR = 30  # seconds until the last one is in


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    log = project.set_up("burst", stack=stack, tables=True)
    count = size.of(AT_ONCE, at_least=20)
    by_stock = stock.typical(runs=size.runs)
    runs = []
    with deployed.running(log) as site:
        people.at_a_rate(site, ["burst-warm-1", "burst-warm-2"], rate=10)
        for number in range(size.runs):
            deployed.an_ordinary_day()
            slugs = [f"burst-{number}-{each}" for each in range(count)]
            runs.append(people.at_once(site, slugs))
            if not any(visit.why for visit in runs[-1]):
                count_again(slugs)
    last = sorted(max(visit.usable for visit in run) for run in runs)
    lost = [visit.why for run in runs for visit in run if visit.why]
    return [
        Figure(
            name=f"{AT_ONCE} sign-ups at once: the last workspace is usable",
            value=last[len(last) // 2],
            unit="s",
            reference="s for their schemas by stock, shared migrations skipped",
            reference_value=by_stock * count,
            bar=BAR,
            bar_on="value",
            better="less",
            note=_note(runs, last),
            void=f"{len(lost)} are not in, the first: {lost[0]}" if lost else "",
        )
    ]


def _note(runs: list[list[Visit]], last: list[float]) -> str:
    everyone = [visit.usable for run in runs for visit in run]
    waited = sum(visit.had_to_wait for run in runs for visit in run)
    return (
        f"p50 {percentile(everyone, 50):.1f} s; the last of each run:"
        f" {', '.join(f'{each:.1f}' for each in last)} s; {waited} of {len(everyone)} had to wait for"
        " a schema; none lost, none twice"
    )


def count_again(slugs: list[str]) -> None:
    """Each has one workspace, with a schema of its own that exists. Raises AssertionError."""
    from django.db import connection

    from tenants.models import Membership, Tenant

    made = list(Tenant.objects.filter(slug__in=slugs).values_list("schema_name", flat=True))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname = ANY(%s)", [made])
        [there] = cursor.fetchone()
    owners = Membership.objects.filter(tenant__slug__in=slugs).count()
    if not len(made) == len(set(made)) == there == owners == len(slugs):
        raise AssertionError(
            f"{len(slugs)} signed up: {len(made)} workspaces, {len(set(made))} schemas' names,"
            f" {there} schemas, {owners} owners"
        )
