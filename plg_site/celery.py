"""The Celery application: Redis as broker, no result store."""

import os
import sys
import threading
from typing import Any

from celery import Celery, Task
from celery.signals import (
    setup_logging,
    task_postrun,
    task_prerun,
    worker_init,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
    worker_shutdown,
)
from django.conf import settings
from django.db import connections

from plg_site import alive, tracing
from plg_site.operating import (
    broker,
    sent_at,  # noqa: F401  (stamps what is sent)
    telling,
)

WORKER = "worker"  # its heartbeat
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "plg_site.settings")

app = Celery("plg_site")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
telling.connect()
# Celery would close the whole pool before and after each task: every one would log in anew, which
# costs more than most tasks. Connections go back to the pool instead (`go_back`), which asks each
# whether it lives before it gives it out.
app.conf["CELERY_DB_REUSE_MAX"] = sys.maxsize


@setup_logging.connect
def use_django_logging(**_: object) -> None:
    """Keep the log format of settings.LOGGING instead of Celery's own."""
    import logging.config

    logging.config.dictConfig(settings.LOGGING)


@worker_init.connect
def give_way(**_: object) -> None:
    """Under load, who waits for a page comes before mail and schemas for the next sign-ups.

    The processes of the pool have it from the one that forks them; threads are of that one.
    """
    os.nice(settings.WORKER_NICE)


@worker_ready.connect
def say_that_it_is_alive(sender: Any, **_: object) -> None:
    """By the timer of the loop that fetches tasks: where it hangs, so does the heartbeat. The loop stands
    still while the broker is away, too; then the transport says it with each attempt to connect."""
    broker.attempts_are_heartbeats()
    alive.beat(WORKER)
    sender.timer.call_repeatedly(5.0, alive.beat, args=(WORKER,))


@worker_shutdown.connect
def say_that_it_ends(**_: object) -> None:
    alive.end(WORKER)


@worker_init.connect
def refuse_a_pooler_that_mixes(**_: object) -> None:
    """Celery goes on after any other exception of a receiver."""
    from tenants.pooler import MixesTenants, refuse_to_mix

    try:
        refuse_to_mix()
    except MixesTenants as error:
        raise SystemExit(str(error)) from error


@worker_process_init.connect
@worker_init.connect
def attend_spool(**_: object) -> None:
    """What tasks record while Redis is away is delivered from here."""
    from events import transport

    transport.attend_spool()


@worker_shutdown.connect
def leave_spool(**_: object) -> None:
    """By the process that the others were forked from, once these have ended."""
    from events import transport

    transport.leave_spool()


@worker_process_shutdown.connect
def send_traces(**_: object) -> None:
    """A process of the pool ends without Python's own last words."""
    tracing.close()


_left = threading.local()  # workspaces that eager tasks interrupted, the innermost last


@task_prerun.connect
def start_in_no_workspace(**_: object) -> None:
    """A task that works in a workspace takes its schema as an argument (tenants.jobs.workspace_tasks).

    Also one that runs where it is enqueued: the workspace around it must not help it by accident.
    """
    from tenants import schema

    interrupted = schema.outside()
    interrupted.__enter__()
    _left.__dict__.setdefault("stack", []).append(interrupted)


@task_postrun.connect
def go_back(task: Task, **_: object) -> None:
    """A request that ran a task itself goes on in its workspace; a worker is in none."""
    from tenants import schema

    _left.stack.pop().__exit__(None, None, None)
    if not task.request.is_eager:
        schema.leave()
        connections.close_all()
