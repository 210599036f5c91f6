"""Celery tasks of one workspace: the schema is their first argument, and they refuse to run without.

    @workspace_task()
    def draw_preview(tenant: Tenant, file_id: str) -> None:
        previews.draw(File.objects.get(pk=file_id))

    transaction.on_commit(lambda: draw_preview.delay(tenant.schema_name, str(file.id)))

A task knows nothing of the request that enqueued it: what it works in is in the message. It is
checked when the task is enqueued, where the mistake is, and again when it runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from celery import Task, shared_task

from tenants import schema
from tenants.models import Status, Tenant

log = structlog.get_logger()


class NoWorkspace(TypeError):
    """The first argument names no workspace's schema."""


class WorkspaceTask(Task):
    """Runs in the schema that its first argument names, and is given the workspace in its place.

    A message that outlived its workspace is dropped with a line in the log.
    """

    abstract = True

    def apply_async(self, args: Any = None, kwargs: Any = None, *more: Any, **options: Any) -> Any:
        self._schema_name(tuple(args or ()))
        return super().apply_async(args, kwargs, *more, **options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        name = self._schema_name(args)
        tenant = Tenant.objects.filter(schema_name=name).exclude(status=Status.PURGING).first()
        if tenant is None:
            log.warning("task.workspace_gone", task=self.name, schema=name)
            return None
        with schema.inside(tenant):
            return self.run(tenant, *args[1:], **kwargs)

    def _schema_name(self, args: tuple[Any, ...]) -> str:
        name = args[0] if args else None
        if not isinstance(name, str) or not schema.is_a_workspaces(name):
            raise NoWorkspace(f"{self.name} takes a workspace's schema first, not {name!r}.")
        return name


def workspace_task(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """`@workspace_task(...)`: `shared_task` with its options, for one workspace."""
    decorate: Callable[[Callable[..., Any]], Any] = shared_task(base=WorkspaceTask, **options)
    return decorate
