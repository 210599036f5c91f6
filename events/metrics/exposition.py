"""The answer in Prometheus' text format. prometheus-client is imported here, and so only where it is
served: it costs a process some megabytes."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

import structlog
from django.db import connections
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector, CollectorRegistry

from events.metrics import counting, machine
from events.metrics.asking import Question, questions
from events.metrics.table import LEVEL, Table

log = structlog.get_logger()
CONTENT_TYPE = CONTENT_TYPE_LATEST
_FRESH = 5.0  # seconds for which an answer is good


class Ours(Collector):
    """Everything that is known, as prometheus-client wants it."""

    def __init__(self) -> None:
        self._answers: dict[str, tuple[float, list[Metric] | None]] = {}

    def collect(self) -> Iterator[Metric]:
        if (table := machine.here()) is not None:
            yield from _counted(table)
        failed = GaugeMetricFamily(
            "plg_question_failed",
            "1: what is asked under this name did not answer",
            labels=["question"],
        )
        for question in questions():
            found = self._ask(question)
            failed.add_metric([question.name], float(found is None))
            yield from found or ()
        yield failed

    def _ask(self, question: Question) -> list[Metric] | None:
        at, answer = self._answers.get(question.name, (0.0, None))
        if not at or time.monotonic() - at > _FRESH:
            try:
                answer = _answered(question)
            except Exception as error:
                # One line when it begins: who scrapes asks four times a minute.
                if not at or answer is not None:
                    log.warning(
                        "metrics_question_failed", question=question.name, error=repr(error)
                    )
                answer = None
            self._answers[question.name] = (time.monotonic(), answer)
        return answer


def text(ours: Ours) -> bytes:
    """The whole answer."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(ours)
    try:
        return generate_latest(registry)
    finally:
        connections.close_all()  # the thread that serves waits for its next caller without one


def _answered(question: Question) -> list[Metric]:
    families = {
        gauge.name: GaugeMetricFamily(gauge.name, gauge.help, labels=list(gauge.labels))
        for gauge in question.gauges
    }
    most = {gauge.name: gauge.most for gauge in question.gauges}
    for name, values, value in question.ask():
        if len(families[name].samples) < most[name]:
            families[name].add_metric([str(each) for each in values], float(value))
    return list(families.values())


def _counted(table: Table) -> Iterable[Metric]:
    rows, alive = table.keys(), table.alive()
    by_name: dict[str, list[tuple[tuple[str, ...], int]]] = {}
    for said, row in rows.items():
        name, _, labels = said.partition("{")
        by_name.setdefault(name, []).append((_values(labels), row))
    for metric in counting.DEFINED.values():
        if isinstance(metric, counting.Histogram):
            yield _histogram(metric, by_name, table)
            continue
        is_level = isinstance(metric, counting.Level)
        family: Any = (GaugeMetricFamily if is_level else CounterMetricFamily)(
            metric.name, metric.help, labels=list(metric.labels)
        )
        row_name = f"{LEVEL}{metric.name}" if is_level else metric.name
        for values, row in by_name.get(row_name, ()):
            value = table.now(row, alive) if is_level else table.total(row)
            if len(values) == len(metric.labels):  # else it is another version's
                family.add_metric(values, value)
        yield family


def _histogram(metric: counting.Histogram, by_name: Any, table: Table) -> Metric:
    family = HistogramMetricFamily(metric.name, metric.help, labels=list(metric.labels))
    bounds = [*map(str, metric.bounds), "+Inf"]
    counts = [dict(by_name.get(f"{metric.name}:bucket:{bound}", ())) for bound in bounds]
    sums = dict(by_name.get(f"{metric.name}:sum", ()))
    for values, row in sums.items():
        if len(values) != len(metric.labels):
            continue
        running, buckets = 0.0, []
        for bound, of in zip(bounds, counts, strict=True):
            running += table.total(of[values]) if values in of else 0.0
            buckets.append((bound, running))
        family.add_metric(values, buckets, table.total(row))
    return family


def _values(labels: str) -> tuple[str, ...]:
    """Of `a="x",b="y"}`; quotes within values were replaced (`counting.key`)."""
    parts = labels.rstrip("}").split('",') if labels else []
    return tuple(part.partition('="')[2].rstrip('"') for part in parts)
