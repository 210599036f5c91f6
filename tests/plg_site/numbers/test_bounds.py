"""How many series there can ever be, and that queues, tasks and pools are told as they are."""

from __future__ import annotations

import json
import time

import pytest
import redis

from events import metrics
from events.metrics import counting
from plg_site import queues
from plg_site.numbers import database, requests, tasks
from plg_site.operating import telling
from tests.events.metrics.conftest import counted  # noqa: F401 (fixture)
from tests.events.metrics.test_exposition import told

MOST = 1_500


def test_there_are_never_more_series_than_a_small_prometheus_takes():
    """Whatever is registered: each has its bound, and nothing has a label for a workspace or a person."""
    known = 0
    for metric in counting.DEFINED.values():
        times = len(metric.bounds) + 3 if isinstance(metric, metrics.Histogram) else 1
        known += metric.most * times
    asked = sum(gauge.most for question in metrics.questions() for gauge in question.gauges)
    assert known + asked <= MOST
    labels = {label for each in counting.DEFINED.values() for label in each.labels}
    labels |= {name for q in metrics.questions() for gauge in q.gauges for name in gauge.labels}
    assert not labels & {"tenant", "workspace", "person", "user", "client", "path", "host"}


@pytest.mark.thorough
def test_10_000_workspaces_and_all_that_clients_make_up_stay_below_the_bound(counted):  # noqa: F811
    for number in range(10_000):
        requests.count(
            route=f"route-{number}", method=f"M{number}", status=number % 700, seconds=0.01,
            in_workspace=bool(number % 2),
        )  # fmt: skip
        if number < 300:
            tasks.count(f"task-{number}", outcome=f"outcome-{number}", seconds=1)
    found = told()
    ours = [key for key in found if key[0].startswith(("plg_http", "plg_task"))]
    total = sum(value for key, value in found.items() if key[0] == "plg_http_requests_total")
    assert total == 10_000
    assert len(found) <= MOST
    assert len(ours) > requests.ROUTES


def test_the_pages_of_wagtails_admin_are_one_route():
    assert requests.label("wagtailadmin_home") == "cms"
    assert requests.label("wagtail_serve") == "wagtail_serve"
    areas = {
        requests.area(route, inside)
        for route in ("wagtailadmin_home", "product.early", "api-1:x", "static", "unresolved",
                      "staff_log", "tenants:home")
        for inside in (True, False)
    }  # fmt: skip
    assert len(areas) == 8


@pytest.fixture
def queue(settings, monkeypatch):
    client = redis.Redis.from_url(settings.REDIS_URL)
    settings.CELERY_TASK_QUEUES = queues.declared("test-numbers")
    name = queues.name("test-numbers", queues.SOON)
    client.delete(name)
    yield client, name
    client.delete(name)
    client.close()


def message(sent_at: float | None) -> str:
    headers = {} if sent_at is None else {tasks.SENT_AT: sent_at}
    return json.dumps({"body": "", "headers": headers})


def test_a_queue_has_its_length_and_the_age_of_its_next_task(queue):
    client, name = queue
    client.lpush(name, message(time.time() - 100), message(time.time() - 50), message(None))
    [(length, age)] = [(each[1], each[2]) for each in tasks.lengths() if each[0] == queues.SOON]
    assert length == 3
    assert 99 < age < 160
    client.delete(name)
    client.lpush(name, "no message of ours")
    assert [each[1:] for each in tasks.lengths() if each[0] == queues.SOON] == [(1, 0.0)]


def test_doctor_says_that_a_queue_does_not_move(queue):
    from plg_site.doctor import queues as looks

    client, name = queue
    assert [each.level.value for each in looks.look()] == ["fine"]
    client.lpush(name, message(time.time() - 100))
    assert [each.level.value for each in looks.look()] == ["warning", "fine"]
    client.rpush(name, message(time.time() - 10_000))
    found = list(looks.look())
    assert [each.level.value for each in found] == ["problem", "fine"]
    assert "worker" in found[0].do


def test_a_message_says_when_it_was_enqueued_and_by_which_request():
    import structlog

    headers: dict[str, object] = {}
    with structlog.contextvars.bound_contextvars(request_id="req-12345"):
        telling.say_where_from(headers)
    assert headers[telling.REQUEST_ID] == "req-12345"
    assert abs(float(str(headers[tasks.SENT_AT])) - time.time()) < 60


def test_a_pool_tells_what_it_has_done_since_it_told_last(counted, db):  # noqa: F811
    from django.db import connection

    connection.ensure_connection()
    pool = database.Pool()
    pool.tell()
    [row] = database.TAKEN.rows() or []
    table = metrics.here()
    assert table is not None
    before = table.total(row)
    pool.tell()
    assert table.total(row) == before
    found = told()
    assert found[("plg_db_taken_total", frozenset())] == before
    assert found[("plg_db_connections_most", frozenset())] >= 1
    assert found[("plg_db_connections_used", frozenset())] >= 1


def test_what_was_refused_is_counted_by_its_limit(counted):  # noqa: F811
    from events import limits

    for _ in range(3):
        limits.take("1/h", "test-numbers:ada@example.com")
    limits.take("1/h", "203.0.113.7"), limits.take("1/h", "203.0.113.7")
    found = told()
    assert found[("plg_limit_refusals_total", frozenset({("limit", "test-numbers")}))] == 2
    assert not any("ada" in str(key) or "203" in str(key) for key in found)
