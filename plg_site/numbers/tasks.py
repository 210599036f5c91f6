"""Tasks by name and outcome, and the queues that they wait in."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import msgspec
import redis
from django.conf import settings

from events.metrics import OTHER, Counter, Gauge, Question, Sample
from plg_site import queues

SENT_AT = "plg_sent_at"  # a header of a task's message: seconds since the epoch
DONE = Counter("plg_tasks_total", "Tasks", labels=("task", "outcome"), most=90)
SECONDS = Counter("plg_task_seconds_total", "Seconds that tasks took", labels=("task",), most=45)
_OUTCOMES = {"success", "failure", "retry", "ignored", "rejected", "revoked"}
_PATIENCE = 1.0  # seconds
_GAUGES = (
    Gauge("plg_queue_length", "Tasks that wait", ("queue",), 6),
    Gauge("plg_queue_oldest_seconds", "How long the next one has waited", ("queue",), 6),
    Gauge("plg_tasks_in_hand", "Tasks that workers hold"),
)


def count(task: str, *, outcome: str, seconds: float) -> None:
    """One task that has ended."""
    DONE.add(1, task, outcome if outcome in _OUTCOMES else OTHER)
    SECONDS.add(seconds, task)


def lengths() -> list[tuple[str, int, float]]:
    """Each queue with its length and for how long (s) the next task has waited. Raises RedisError."""
    return [(name, length, age) for name, length, age, _ in _look()]


QUESTION = Question("queues", _GAUGES, lambda: _ask())


def _ask() -> Iterator[Sample]:
    in_hand = 0
    for name, length, age, held in _look():
        yield "plg_queue_length", (name,), length
        yield "plg_queue_oldest_seconds", (name,), age
        in_hand = held
    yield "plg_tasks_in_hand", (), in_hand


def _look() -> list[tuple[str, int, float, int]]:
    """One round trip. Celery puts in on the left and takes from the right."""
    names = list(settings.CELERY_TASK_QUEUES)
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE
    )
    try:
        pipeline = client.pipeline(transaction=False)
        for name in names:
            pipeline.llen(name)
            pipeline.lindex(name, -1)
        pipeline.zcard("unacked_index")
        *answers, held = pipeline.execute()
    finally:
        client.close()
    return [
        (_short(name), length, _age(oldest), held)
        for name, length, oldest in zip(names, answers[::2], answers[1::2], strict=True)
    ]


def _short(name: str) -> str:
    """Without the installation's prefix; the queue of before is the prefix itself."""
    end = name.rpartition(".")[2]
    return end if end in queues.ORDER else "former"


def _age(message: bytes | None) -> float:
    """0 where nothing waits, or nobody said when it was enqueued."""
    if not message:
        return 0.0
    try:
        headers: Any = msgspec.json.decode(message).get("headers") or {}
        return max(0.0, time.time() - float(headers[SENT_AT]))
    except (msgspec.DecodeError, KeyError, TypeError, ValueError, AttributeError):
        return 0.0
