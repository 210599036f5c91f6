"""Whether what was written can be read: each row of a new workspace, as its model knows it.

PostgreSQL keeps values that no page can have made and that Python cannot hold (a date in the year
20000), or that a model does not allow. One such row would break each page that lists it, for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DataError, models

from tenants import schema
from tenants.archive.refusals import ArchiveRefused
from tenants.models import Tenant

_AT_ONCE = 500


def check(tenant: Tenant) -> None:
    """Read every row of the workspace's tables and let its model judge it. Raises ArchiveRefused."""
    with schema.inside(tenant):
        for model in _models():
            name = model._meta.db_table
            try:
                for row in _rows(model):
                    _judge(row)
            except ValidationError as error:
                words = "; ".join(error.messages)
                raise ArchiveRefused("bad_value", f"{name}: {words}") from error
            except (DataError, ValueError, OverflowError) as error:  # a lost connection is no value
                raise ArchiveRefused("bad_value", f"{name}: {error}") from error


def _models() -> Iterator[type[models.Model]]:
    for app in apps.get_app_configs():
        if app.name in settings.TENANT_APPS:
            yield from app.get_models(include_auto_created=True)


def _rows(model: type[models.Model]) -> Iterator[models.Model]:
    """By key, some at a time: behind a pooler there are no cursors that memory would be spared by."""
    rows = model._base_manager.order_by("pk")
    found = list(rows[:_AT_ONCE])
    while found:
        yield from found
        found = list(rows.filter(pk__gt=found[-1].pk)[:_AT_ONCE])


def _judge(row: models.Model) -> None:
    """Keys of other rows are the database's to compare, and what may be empty is a form's affair."""
    wrong: dict[str, Any] = {}
    try:
        row.clean_fields(exclude={field.name for field in row._meta.fields if field.is_relation})
    except ValidationError as error:
        wrong = error.error_dict
    found = [one for said in wrong.values() for one in said if one.code != "blank"]
    if found:
        raise ValidationError(found)
    row.clean()
