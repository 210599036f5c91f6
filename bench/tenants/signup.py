"""Ten sign-ups a second for a minute, over HTTP, from an ordinary pool; passwords are hashed."""

from __future__ import annotations

from bench import project
from bench.figures import Figure, percentile
from bench.sizes import Size
from bench.tenants import deployed, people, stock
from bench.tenants.people import Visit
from plg_site.devstack.stack import Stack

RATE, SECONDS = 10, 60
POST_P99, USABLE_P99 = 0.3, 1.0  # seconds


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    log = project.set_up("signup", stack=stack, tables=True)
    seconds = size.of(SECONDS, at_least=1)
    count = round(RATE * seconds)
    by_stock = stock.typical(runs=size.runs)
    runs = []
    with deployed.running(log) as site:
        people.at_a_rate(site, ["warm-1", "warm-2"], rate=RATE)
        for number in range(size.runs):
            deployed.an_ordinary_day()
            slugs = [f"rate-{number}-{each}" for each in range(count)]
            runs.append(people.at_a_rate(site, slugs, rate=RATE))
    return [
        _figure("sign-up POST, p99", runs, "answered", bar=POST_P99, by_stock=by_stock),
        _figure("sign-up to a usable workspace, p99", runs, "usable", USABLE_P99, by_stock),
    ]


def _figure(name: str, runs: list[list[Visit]], what: str, bar: float, by_stock: float) -> Figure:
    refused = [visit.why for run in runs for visit in run if visit.why]
    by_run = sorted(percentile([getattr(visit, what) for visit in run], 99) for run in runs)
    everyone = [getattr(visit, what) for run in runs for visit in run]
    waited = sum(visit.had_to_wait for run in runs for visit in run)
    return Figure(
        name=f"{name}, at {RATE} a second",
        value=by_run[len(by_run) // 2],
        unit="s",
        reference="s for the schema alone by stock, shared migrations skipped",
        reference_value=by_stock,
        bar=bar,
        bar_on="value",
        better="less",
        note=f"p50 {percentile(everyone, 50):.3f} s; p99 of the runs:"
        f" {', '.join(f'{each:.3f}' for each in by_run)} s; {len(everyone)} sign-ups,"
        f" {waited} had to wait for a schema, {len(refused)} refused",
        void=f"{len(refused)} were refused, the first with {refused[0]}" if refused else "",
    )
