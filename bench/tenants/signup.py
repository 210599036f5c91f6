"""Sign-ups over HTTP, passwords hashed: one after the other, and ten a second for a minute."""

from __future__ import annotations

from bench import project
from bench.figures import Figure, percentile
from bench.sizes import Size
from bench.tenants import deployed, people, stock
from bench.tenants.people import Visit
from plg_site.devstack.stack import Stack

IN_A_ROW = 120
RATE, SECONDS = 10, 60
POST_P99, USABLE_P99 = 0.3, 1.0  # seconds


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    log = project.set_up("signup", stack=stack, tables=True)
    in_a_row = size.of(IN_A_ROW, at_least=5)
    count = round(RATE * size.of(SECONDS, at_least=1))
    by_stock = stock.typical(runs=size.runs)
    alone, crowds = [], []
    with deployed.running(log) as site:
        people.at_a_rate(site, ["warm-1", "warm-2"], rate=RATE)
        for number in range(size.runs):
            deployed.an_ordinary_day()
            slugs = [f"row-{number}-{each}" for each in range(in_a_row)]
            alone.append(people.in_a_row(site, slugs))
        for number in range(size.runs):
            deployed.an_ordinary_day()
            slugs = [f"rate-{number}-{each}" for each in range(count)]
            crowds.append(people.at_a_rate(site, slugs, rate=RATE))
    crowd = f"at {RATE} a second"
    return [
        _figure("sign-up POST, p99, one after the other", alone, "answered", POST_P99, by_stock),
        _figure(
            f"sign-up to a usable workspace, p99, {crowd}", crowds, "usable", USABLE_P99, by_stock,
            note=f"; the POST {crowd}: {_of_runs(crowds, 'answered')}",
        ),
    ]  # fmt: skip


def _figure(
    name: str, runs: list[list[Visit]], what: str, bar: float, by_stock: float, *, note: str = ""
) -> Figure:
    everyone = [visit for run in runs for visit in run]
    refused = [visit.why for visit in everyone if visit.why]
    waited = sum(visit.had_to_wait for visit in everyone)
    by_run = sorted(percentile([getattr(visit, what) for visit in run], 99) for run in runs)
    return Figure(
        name=name,
        value=by_run[len(by_run) // 2],
        unit="s",
        reference="s for the schema alone by stock, shared migrations skipped",
        reference_value=by_stock,
        bar=bar,
        bar_on="value",
        better="less",
        note=f"{_of_runs(runs, what)}; {len(everyone)} sign-ups, {waited} had to wait for a schema,"
        f" {len(refused)} refused{note}",
        void=f"{len(refused)} were refused, the first with {refused[0]}" if refused else "",
    )


def _of_runs(runs: list[list[Visit]], what: str) -> str:
    times = [[getattr(visit, what) for visit in run] for run in runs]
    p99 = ", ".join(f"{percentile(each, 99):.3f}" for each in times)
    return f"p50 {percentile([one for run in times for one in run], 50):.3f} s, p99 {p99} s"
