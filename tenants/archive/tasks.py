"""Archives are made and read by a worker. What a dead one left, `tend` takes up."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from tenants.archive import exports, imports


@shared_task
def make_export(export_id: str) -> None:
    exports.make(UUID(export_id))


@shared_task
def run_import(import_id: str) -> None:
    imports.run(UUID(import_id))


@shared_task
def tend() -> int:
    return exports.tend() + imports.tend()
