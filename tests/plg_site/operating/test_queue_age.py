"""How long the oldest task of a queue waits: what is sent says when, by whatever way it comes."""

from __future__ import annotations

import time

import pytest
from django.conf import settings as django_settings

from events.redis import quick
from plg_site import queues
from plg_site.celery import app
from plg_site.operating import queue_age

QUEUE = "age"


@pytest.fixture(autouse=True)
def key(settings):
    settings.CELERY_TASK_ALWAYS_EAGER = False
    key = queues.name(django_settings.CELERY_QUEUE, QUEUE)
    client = quick(django_settings.REDIS_URL)
    client.delete(key)
    yield key
    client.delete(key)


def send(key: str) -> None:
    app.send_task("tests.no_such_task", queue=key)


def test_an_empty_queue_keeps_nobody_waiting():
    assert queue_age.oldest(QUEUE) == 0


def test_the_oldest_counts(key):
    send(key)
    send(key)
    sent = time.time()
    assert queue_age.oldest(QUEUE, now=sent + 60) == pytest.approx(60, abs=30)
    assert queue_age.oldest(QUEUE, now=sent - 3600) == 0


def test_what_does_not_say_it_and_an_absent_redis_are_not_known(key, settings):
    quick(django_settings.REDIS_URL).lpush(key, b'{"headers": {}}')
    assert queue_age.oldest(QUEUE) is None
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert queue_age.oldest(QUEUE) is None


def test_the_scheduler_says_it_too():
    from plg_site.schedule import app as scheduler

    sent = {}
    from celery.signals import before_task_publish

    before_task_publish.send(sender="x", headers=sent)
    assert scheduler is not None
    assert sent["plg_sent_at"] == pytest.approx(time.time(), abs=60)
