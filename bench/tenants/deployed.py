"""The processes that a sign-up meets, as they are deployed: web, worker, scheduler, consumer."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from bench import project
from bench.tenants.people import Site
from plg_site.devstack import programs
from plg_site.devstack.options import ROOT
from plg_site.devstack.program import Program
from plg_site.devstack.stack import Stack

_PATIENCE = 120.0  # seconds for the tasks of the measurement before


def an_ordinary_day() -> None:
    """Nobody signed up lately, and the pool holds what it then does; no task of before waits.

    Surplus schemas are forgotten, not dropped: for minutes after a thousand files were deleted, ext4
    makes new ones at a third of its speed, which no ordinary day has.
    """
    from django.conf import settings
    from django.utils import timezone

    from events.redis.redis_client import patient
    from tenants import pool
    from tenants.models import PoolSchema, Tenant
    from tenants.pool import fingerprints, templates

    tasks, until = patient(settings.CELERY_BROKER_URL), time.monotonic() + _PATIENCE
    while tasks.llen(settings.CELERY_TASK_DEFAULT_QUEUE) and time.monotonic() < until:
        time.sleep(0.2)
    if left := tasks.llen(settings.CELERY_TASK_DEFAULT_QUEUE):
        raise RuntimeError(f"{left} tasks of before still wait: what follows would wait for them.")
    Tenant.objects.update(created_at=timezone.now() - timedelta(days=1))
    while pool.is_short():
        pool.refill()
    for template in templates.listed():
        ready = PoolSchema.objects.filter(fingerprint=fingerprints.of_template(template.name))
        kept = ready.order_by("created_at").values_list("pk", flat=True)[: settings.POOL_MIN]
        ready.exclude(pk__in=list(kept)).delete()


@contextmanager
def running(log: project.Log) -> Iterator[Site]:
    """All of them, ready, until the end of the block."""
    env = {**log.env, "DEBUG": "0", "WATCH_FILES": "0"}
    stack = log.stack
    collect_static(stack, env)
    web = programs.web(stack.addresses, env)
    behind = [programs.worker(env), programs.beat(stack.state, env), programs.events(env)]
    # One after the other, and with time to start: the machine may be busy.
    with log.running(_patient(web)), log.running(*map(_patient, behind)):
        yield Site.open(stack.addresses)


def collect_static(stack: Stack, env: dict[str, str]) -> None:
    """Hashed files, as pages name them without WATCH_FILES; once for a stack."""
    if not (stack.state.path / "static").exists():
        collect = programs.manage("collectstatic", "--noinput", "--verbosity=0")
        subprocess.run(collect, env=env, cwd=ROOT, check=True)  # noqa: S603


def _patient(program: Program) -> Program:
    return replace(program, ready_within=240.0)
