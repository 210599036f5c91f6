"""What is told of each task: whose request it comes from, a line in the log, and the numbers of its kind."""

from __future__ import annotations

import threading
import time
from collections.abc import MutableMapping
from typing import Any

import structlog
from celery import Task
from celery.signals import (
    after_task_publish,
    before_task_publish,
    task_postrun,
    task_prerun,
    worker_ready,
)
from django.conf import settings

from events import metrics
from plg_site import tracing
from plg_site.numbers import tasks

log = structlog.get_logger("tasks")
REQUEST_ID = "plg_request_id"  # a header of a task's message
_begun = threading.local()


def connect() -> None:
    """Be asked by Celery, in every process that enqueues or runs tasks."""
    before_task_publish.connect(say_where_from)
    after_task_publish.connect(is_sent)
    task_prerun.connect(begin)
    task_postrun.connect(end)
    worker_ready.connect(serve)


def serve(**_: object) -> None:
    """In a worker's main process, once it has forked those that work."""
    metrics.serve()


def say_where_from(
    headers: MutableMapping[str, Any] | None = None, *, sender: str = "", **_: object
) -> None:
    """When it was enqueued (seconds since the epoch), and by which request."""
    if headers is None:
        return
    headers[tasks.SENT_AT] = time.time()
    if request_id := structlog.contextvars.get_contextvars().get("request_id"):
        headers[REQUEST_ID] = request_id
    if (draws := tracing.draws()) is not None:
        draws.begin_sending(sender, headers)


def is_sent(**_: object) -> None:
    if (draws := tracing.draws()) is not None:
        draws.end_sending()


def begin(task: Task, task_id: str, **_: object) -> None:
    """All that the task logs says which one it is."""
    if task.request.is_eager:  # the lines of a request that runs it itself stay the request's
        return
    _begun.at = time.monotonic()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(task=task.name, task_id=task_id)
    headers = task.request.headers or {}
    if request_id := headers.get(REQUEST_ID):
        structlog.contextvars.bind_contextvars(request_id=request_id)
    draws = tracing.draws()
    if draws is not None and (trace := draws.begin_task(task.name, headers)):
        structlog.contextvars.bind_contextvars(trace_id=trace)


def end(task: Task, state: str | None = None, retval: object = None, **_: object) -> None:
    """`retval` of a task that has failed is its exception."""
    if task.request.is_eager:
        return
    seconds = time.monotonic() - _begun.at
    outcome = (state or "unknown").lower()
    tasks.count(task.name, outcome=outcome, seconds=seconds)
    if settings.LOG_REQUESTS:
        log.info("task", outcome=outcome, ms=round(seconds * 1000, 1))
    if (draws := tracing.draws()) is not None:
        error = type(retval).__qualname__ if isinstance(retval, BaseException) else ""
        draws.end_task(outcome=outcome, error=error)
    structlog.contextvars.clear_contextvars()
