"""Celery's queues are promises of how soon work is done. Every task has one.

`now`: somebody waits for it at this moment. `soon`: within a quarter of a minute. `beat`: what comes
round by itself. `bulk`: what may take long. One worker serves them in this order, as `bin/dev` does; a
larger installation gives each a worker of its own (`celery worker -Q plg.now`), so that no length of
one delays another.
"""

from __future__ import annotations

from typing import Any

NOW, SOON, BEAT, BULK = "now", "soon", "beat", "bulk"
ORDER = (NOW, SOON, BEAT, BULK)

# Seconds after which a task that still runs is stuck: it is ended, with its process of the worker. It does
# not come again by itself: its next round or call takes up what it left, as after a kill.
LONGEST = {NOW: 900, SOON: 1_800, BEAT: 1_800, BULK: 6 * 3_600}

OF_TASKS = {
    "tenants.tasks.prepare_workspaces": NOW,
    "tenants.tasks.refill_pool": NOW,
    "billing.tasks.follow_life": SOON,
    "billing.tasks.work_off_inbox": SOON,
    "cms.tasks.build_site": SOON,
    "cms.tasks.publish_scheduled": SOON,
    "cms.tasks.purge": SOON,
    "identity.tasks.send_mail": SOON,
    "identity.tasks.forget_ended_sign_ins": BEAT,
    "identity.tasks.tidy_sessions": BEAT,
    "metering.tasks.close_periods": BEAT,
    "metering.tasks.evaluate_alerts": BEAT,
    "staff.tasks.forget_looks": BEAT,
    "tenants.domains.tasks.check_domains": BEAT,
    "tenants.tasks.check_doors": BEAT,
    "tenants.tasks.look_after_lives": BEAT,
    "billing.tasks.ask_stripe": BULK,
    "billing.tasks.bill_usage": BULK,
    "billing.tasks.reconcile": BULK,
    "events.tasks.maintain": BULK,
    "identity.tasks.finish_erasures": BULK,
    "tenants.archive.tasks.make_export": BULK,
    "tenants.archive.tasks.run_import": BULK,
    "tenants.archive.tasks.tend": BULK,
    "tenants.tasks.purge_workspaces": BULK,
}


def name(prefix: str, queue: str) -> str:
    """The queue's key in Redis."""
    return f"{prefix}.{queue}"


def declared(prefix: str) -> dict[str, dict[str, str]]:
    """For CELERY_TASK_QUEUES: what a worker takes from, first to last. At the front, where nothing
    comes any more, stands the one queue that installations had before."""
    names = [prefix, *(name(prefix, queue) for queue in ORDER)]
    return {each: {"exchange": each, "routing_key": each} for each in names}


def routes(prefix: str, *, product: str) -> dict[str, dict[str, str]]:
    """For CELERY_TASK_ROUTES; what the product does not say itself is done soon."""
    found = {task: {"queue": name(prefix, queue)} for task, queue in OF_TASKS.items()}
    return {**found, f"{product}.*": {"queue": name(prefix, SOON)}}


def time_limits() -> dict[str, dict[str, int]]:
    """For CELERY_TASK_ANNOTATIONS. What a product does not say of its tasks is CELERY_TASK_TIME_LIMIT, and
    not an annotation of all: that one would win (findings/celery-annotation-of-all-wins.sh)."""
    return {task: {"time_limit": LONGEST[queue]} for task, queue in OF_TASKS.items()}


def every(prefix: str, rounds: dict[str, float]) -> dict[str, dict[str, Any]]:
    """For CELERY_BEAT_SCHEDULE, from tasks and the seconds between their rounds. A round that nobody
    began before the next one is dropped: they do not pile up where no worker is."""
    return {
        task: {
            "task": task,
            "schedule": seconds,
            "options": {"queue": name(prefix, OF_TASKS[task]), "expires": seconds},
        }
        for task, seconds in rounds.items()
    }
