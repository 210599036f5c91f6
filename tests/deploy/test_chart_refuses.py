"""Values that would not work, or more connections than there are: Helm says so and renders nothing."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from plg_site.doctor import connections
from tests.deploy import chart

pytestmark = pytest.mark.thorough


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"image": {"tag": "latest"}}, "tag"),
        ({"image": {"tag": ""}}, "image"),
        ({"existingSecret": ""}, "existingSecret"),
        ({"secretNames": ["SECRET_KEY"]}, "secretNames"),
        ({"settings": {"SECRET_KEY": "abc"}}, "SECRET_KEY"),
        ({"settings": {"DATABASE_URL": "postgres://…"}}, "DATABASE_URL"),
        ({"settings": {"WEB_THREADS": "3"}}, "WEB_THREADS"),
        ({"settings": {"PUBLIC_SCHEME": "http"}}, "PUBLIC_SCHEME"),
        ({"settings": {"PUBLIC_PORT": 443}}, "PUBLIC_PORT"),
        ({"web": {"replcas": 2}}, "replcas"),
        ({"postgresql": {"enabled": True}}, "postgresql"),
        ({"workers": {"later": {"replicas": 1}}}, "later"),
        ({"drainSeconds": 0}, "drainSeconds"),
        ({"events": {"autoscaling": {"enabled": True}}}, "keda.address"),
    ],
    ids=str,
)
def test_wrong_values_are_refused_by_name(values, word):
    assert word in chart.refusal(values)


def needed(values: chart.Values) -> tuple[int, int]:
    """What doctor counts for the processes that the chart sets, to each database."""
    [text] = chart.render(values)
    [config] = chart.of_kind(filter(None, chart.yaml.safe_load_all(text)), "ConfigMap")
    numbers = {name: int(value) for name, value in config["data"].items() if value.isdigit()}
    pool = {"OPTIONS": {"pool": {"max_size": numbers["DATABASE_POOL_SIZE"]}}}
    conf = SimpleNamespace(DATABASES={"default": pool}, UPDATE_SURGE_PERCENT=0, **numbers)
    readers = numbers["READERS_THREADS"]
    return (
        sum(connections.budget(conf, readers=readers).values()),
        sum(connections.events_budget(conf, readers=readers).values()),
    )


@pytest.mark.parametrize("case", ["least", "nothing scales", "a budget that fits", "all scales"])
def test_what_could_open_too_many_connections_is_not_rendered(case):
    values = chart.merged(
        chart.SETS[case], {"connections": {"maxConnections": 0, "eventsMaxConnections": 0}}
    )
    app, log = needed(values)
    apart = {"spare": 10, "maxConnections": app + 10, "eventsMaxConnections": log + 10}
    assert chart.render(chart.merged(values, {"connections": apart}))
    for name, most in (("maxConnections", app + 9), ("eventsMaxConnections", log + 9)):
        said = chart.refusal(chart.merged(values, {"connections": {**apart, name: most}}))
        assert f"connections.{name} is {most}" in said
        assert f"may open {most + 1} connections" in said
    together = {"spare": 10, "maxConnections": app + log + 9}  # both on one server
    assert f"may open {app + log + 10}" in chart.refusal(
        chart.merged(values, {"connections": together})
    )


def test_the_most_of_an_autoscaler_counts_and_not_what_runs_today():
    few = {"web": {"autoscaling": {"max": 3}}}
    many = {"web": {"autoscaling": {"max": 30}}}
    processes, threads, from_events = 2, 16, 8
    app, log = (b - a for a, b in zip(needed(few), needed(many), strict=True))
    assert (app, log) == (27 * processes * threads, 27 * processes * from_events)
