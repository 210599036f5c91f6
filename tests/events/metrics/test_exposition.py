"""What Prometheus is told, and that nobody can make it more."""

from __future__ import annotations

import http.client
import multiprocessing
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from prometheus_client.parser import text_string_to_metric_families

from events import metrics
from events.metrics import asking, counting, exposition, machine


def samples(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (each.name, frozenset(each.labels.items())): each.value
        for family in text_string_to_metric_families(text)
        for each in family.samples
    }


def told() -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """As it is served: by a thread, which has connections of its own."""
    with ThreadPoolExecutor(1) as served:
        return samples(served.submit(exposition.text, exposition.Ours()).result().decode())


@pytest.fixture
def defined(monkeypatch):
    monkeypatch.setattr(counting, "DEFINED", {})
    monkeypatch.setattr(asking, "_questions", {})


def one(name: str, **labels: str) -> float:
    return told()[(name, frozenset(labels.items()))]


def test_nothing_is_counted_where_nobody_asks(settings, defined):
    settings.METRICS_PORT = 0
    machine.forget()
    counter = metrics.Counter("plg_x_total", "x")
    counter.add(1)
    assert metrics.here() is None
    machine.forget()


def test_counters_and_histograms_have_the_form_of_prometheus(counted, defined):
    counter = metrics.Counter("plg_x_total", "x", labels=("kind",), most=3)
    counter.add(2, "a")
    counter.add(0.5, "a")
    histogram = metrics.Histogram("plg_s", "s", bounds=(0.1, 1.0), labels=("area",), most=2)
    for seconds in (0.05, 0.1, 0.5, 7.0):
        histogram.add(seconds, "site")
    assert one("plg_x_total", kind="a") == 2.5
    assert [one("plg_s_bucket", area="site", le=le) for le in ("0.1", "1.0", "+Inf")] == [2, 3, 4]
    assert one("plg_s_count", area="site") == 4
    assert one("plg_s_sum", area="site") == pytest.approx(7.65)


def test_a_label_has_so_many_values_and_then_others_are_one(counted, defined):
    counter = metrics.Counter("plg_x_total", "x", labels=("route",), most=5)
    for number in range(1_000):
        counter.add(1, f'made "up" {number}')
    found = {key: value for key, value in told().items() if key[0] == "plg_x_total"}
    assert len(found) == 5
    assert sum(found.values()) == 1_000
    assert one("plg_x_total", route=counting.OTHER) == 996


def _count_in_another_process() -> None:
    counting.DEFINED["plg_x_total"].add(5, "a")  # type: ignore[attr-defined]


def test_what_a_forked_process_counts_is_summed_and_it_takes_no_column_away(counted, defined):
    counter = metrics.Counter("plg_x_total", "x", labels=("kind",), most=3)
    counter.add(1, "a")
    table = metrics.here()
    assert table is not None
    forked = multiprocessing.get_context("fork").Process(target=_count_in_another_process)
    forked.start()
    forked.join(60)
    assert forked.exitcode == 0
    assert one("plg_x_total", kind="a") == 6
    assert table.alive() == [table.column]


def test_a_question_that_fails_is_said_and_takes_no_other_along(counted, defined):
    def fails():
        raise OSError("away")

    gauge = metrics.Gauge("plg_good", "x")
    metrics.register(
        metrics.Question("bad", (metrics.Gauge("plg_bad", "x"),), fails),
        metrics.Question("good", (gauge,), lambda: [("plg_good", (), 3)]),
    )
    assert one("plg_good") == 3
    assert one("plg_question_failed", question="bad") == 1
    assert one("plg_question_failed", question="good") == 0


def test_an_answer_with_too_many_values_is_cut(counted, defined):
    gauge = metrics.Gauge("plg_many", "x", ("one",), most=4)
    metrics.register(
        metrics.Question(
            "many", (gauge,), lambda: [("plg_many", (str(n),), n) for n in range(10_000)]
        )
    )
    assert sum(key[0] == "plg_many" for key in told()) == 4


def test_questions_are_not_asked_again_at_once(counted, defined):
    asked = []

    def ask():
        asked.append(1)
        return [("plg_good", (), len(asked))]

    metrics.register(metrics.Question("good", (metrics.Gauge("plg_good", "x"),), ask))
    ours = exposition.Ours()
    for _ in range(5):
        exposition.text(ours)
    assert len(asked) == 1


def test_it_is_served_on_its_port_and_the_port_is_given_up(counted, defined, settings):
    counter = metrics.Counter("plg_x_total", "x")
    counter.add(3)
    metrics.serve()
    try:
        status, text = ask(settings.METRICS_PORT)
        assert status == 200
        assert samples(text)[("plg_x_total", frozenset())] == 3
        assert ask(settings.METRICS_PORT, "/")[0] == 404
    finally:
        metrics.stop()
    with pytest.raises(ConnectionError):
        ask(settings.METRICS_PORT, patience=0)


def ask(port: int, path: str = "/metrics", *, patience: float = 60) -> tuple[int, str]:
    until = time.monotonic() + patience
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except ConnectionError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        finally:
            connection.close()
