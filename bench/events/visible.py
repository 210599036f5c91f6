"""From `events.record` to the usage API, while 5,000 events a second come in.

Everything is real: a process records, the consumer stores, gunicorn with the deploy configuration
answers an API key over HTTP. Probers record a marker in a workspace of their own, whose count
nothing else changes, and ask the usage API until it shows: the time includes their pauses.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

import httpx

from bench import project
from bench.events.producer import Order, Report
from bench.figures import Figure, percentile
from bench.sizes import Size
from plg_site.devstack import ports, programs
from plg_site.devstack.options import ROOT
from plg_site.devstack.stack import Stack

RATE, SECONDS, AT_ONCE, THREADS = 5_000, 60, 10, 8
TENANTS = [f"w_load{number}" for number in range(20)]  # who the load belongs to
PROBERS = 2
ASK_EVERY = 0.1  # seconds between two questions of a prober
GIVE_UP_AFTER = 30.0
SUSTAINED = 0.99  # of the rate; and the producer was never a second behind


@dataclass
class Prober:
    """A workspace of its own, and its key. `waited`: seconds until each marker was visible."""

    schema: str
    api: httpx.Client
    waited: list[float] = field(default_factory=list)
    failed: Exception | None = None

    def probe(self, stop: threading.Event) -> None:
        """Marker after marker until told to stop, not in step with the consumer's rounds."""
        try:
            while not stop.wait(0.1 + len(self.waited) % 7 * 0.03):
                self.waited.append(self._marker())
        except Exception as error:
            self.failed = error

    def clicks(self) -> int:
        """What the usage API says."""
        answer = self.api.get("/api/v1/usage").raise_for_status()
        return next(row["used"] for row in answer.json() if row["meter"] == "clicks")

    def _marker(self) -> float:
        import events

        properties = {"link_id": UUID(int=1), "code": "marker"}
        began = time.monotonic()
        events.record("Link Clicked", tenant=self.schema, properties=properties)
        while self.clicks() <= len(self.waited):
            if time.monotonic() - began > GIVE_UP_AFTER:
                raise TimeoutError(f"A marker was not visible after {GIVE_UP_AFTER:.0f} s.")
            time.sleep(ASK_EVERY)
        return time.monotonic() - began


@dataclass(frozen=True)
class Outcome:
    """What came of one run."""

    report: Report
    waited: Sequence[float]


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    log = project.set_up("visible", stack=stack, tables=True)
    rate, seconds = size.of(RATE, at_least=500), size.of(SECONDS, at_least=1)
    web = programs.web(stack.addresses, log.env)
    outcomes = []
    with log.running(web, programs.events(log.env)):
        idle = _idle_answer(_prober(stack, "idle"))
        for number in range(size.runs):
            probers = [_prober(stack, f"probe-{number}-{each}") for each in range(PROBERS)]
            outcomes.append(_run(log, probers, rate=rate, seconds=seconds))
    return [_figure(outcomes, rate=rate, seconds=seconds, idle=idle)]


def _figure(outcomes: Sequence[Outcome], *, rate: int, seconds: int, idle: float) -> Figure:
    middle = sorted(outcomes, key=lambda each: percentile(each.waited, 99))[len(outcomes) // 2]
    reached = min(each.report["recorded"] / each.report["seconds"] for each in outcomes)
    late = max(each.report["late"] for each in outcomes)
    kept_up = reached >= rate * SUSTAINED and late < 1
    return Figure(
        name=f"event to visible on the usage API, p99, at {rate:,} events/s for {seconds} s",
        value=percentile(middle.waited, 99),
        unit="s",
        reference="s for one answer of that API without load",
        reference_value=idle,
        bar=1.0,
        bar_on="value",
        better="less",
        limit=True,
        note=f"p50 {percentile(middle.waited, 50):.3f} s, max {max(middle.waited):.3f} s of"
        f" {len(middle.waited)} markers; p99 of all runs:"
        f" {', '.join(f'{percentile(each.waited, 99):.3f}' for each in outcomes)} s",
        void="" if kept_up else f"the producer reached {reached:,.0f}/s and was {late:.1f} s late",
    )


def _run(log: project.Log, probers: Sequence[Prober], *, rate: int, seconds: int) -> Outcome:
    stop = threading.Event()
    order: Order = {
        "rate": rate,
        "seconds": seconds,
        "at_once": AT_ONCE,
        "threads": THREADS,
        "tenants": TENANTS,
    }
    before = _stored()
    with _producing(log, order) as producer:
        threads = [threading.Thread(target=each.probe, args=[stop]) for each in probers]
        for thread in threads:
            thread.start()
        said, _ = producer.communicate(timeout=seconds * 3 + 30)
        stop.set()
        for thread in threads:
            thread.join(GIVE_UP_AFTER)
    if producer.returncode or any(thread.is_alive() for thread in threads):
        raise RuntimeError("The producer failed, or a prober did not come to its end.")
    for prober in probers:
        if prober.failed:
            raise prober.failed
    report: Report = json.loads(said.splitlines()[-1])
    _all_must_be_stored(before + report["recorded"])
    return Outcome(report, [each for prober in probers for each in prober.waited])


@contextmanager
def _producing(log: project.Log, order: Order) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "bench.events.producer", json.dumps(order)]
    with subprocess.Popen(  # noqa: S603
        command, env=log.env, cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as producer:
        assert producer.stdout is not None  # noqa: S101
        producer.stdout.readline()  # it is ready
        try:
            yield producer
        finally:
            producer.kill()


def _all_must_be_stored(wanted: int) -> None:
    """A figure of a run that lost events would be worth nothing."""
    until = time.monotonic() + GIVE_UP_AFTER
    while (stored := _stored()) < wanted:
        if time.monotonic() > until:
            raise RuntimeError(f"{stored} of {wanted} events were stored.")
        time.sleep(0.1)
    if stored > wanted:
        raise RuntimeError(f"{stored} events were stored, and {wanted} recorded.")


def _stored() -> int:
    """Clicks of the load, as its workspaces would see them."""
    from metering.asking import usage

    return int(sum(usage.current(tenant, "clicks") for tenant in TENANTS))


def _prober(stack: Stack, slug: str) -> Prober:
    from tenants.keys import api_keys

    tenant = project.make_workspace(slug)
    _, key = api_keys.create(tenant, name="bench", user=tenant.memberships.get().user)
    headers = {
        "Host": f"{slug}.{stack.addresses.domain}:{stack.addresses.port}",
        "Authorization": f"Bearer {key}",
    }
    api = httpx.Client(base_url=f"http://{ports.LOOPBACK}:{stack.addresses.port}", headers=headers)
    return Prober(tenant.schema_name, api)


def _idle_answer(prober: Prober) -> float:
    """The median time of an answer while nothing else happens, in seconds."""

    def once() -> float:
        began = time.monotonic()
        prober.clicks()
        return time.monotonic() - began

    return statistics.median(once() for _ in range(20))
