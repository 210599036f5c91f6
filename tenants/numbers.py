"""What Prometheus is told of workspaces: how many, and whether the next sign-up finds a schema."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count

from events.metrics import Gauge, Question, Sample
from events.metrics import register as register_question
from tenants import pool
from tenants.models import MigrationFailure, Tenant

_WORKSPACES = (
    Gauge("plg_workspaces", "Workspaces by their status", ("status",), 10),
    Gauge("plg_schema_pool_ready", "Schemas that wait for a sign-up", ("template",), 10),
    Gauge("plg_schema_pool_wanted", "How many there should be", ("template",), 10),
    Gauge("plg_migrations_failed", "Workspaces that could not be migrated"),
)


def register() -> None:
    """Let workspaces be counted."""
    register_question(Question("workspaces", _WORKSPACES, _workspaces))


def _workspaces() -> Iterator[Sample]:
    for status, count in Tenant.objects.values_list("status").annotate(Count("pk")).order_by():
        yield "plg_workspaces", (str(status),), count
    wanted = pool.wanted_schemas()
    for name, ready in pool.levels().items():
        yield "plg_schema_pool_ready", (name,), ready
        yield "plg_schema_pool_wanted", (name,), wanted[name]
    yield "plg_migrations_failed", (), MigrationFailure.objects.count()
