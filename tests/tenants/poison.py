"""Rows that cannot be saved or deleted, for whatever reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django.db.models.signals import pre_delete, pre_save
from django.utils import timezone

NOW = timezone.now()
AGO, SOON = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
Is = Callable[[Any], bool]


@contextmanager
def poisoned(model: type[Any], is_poisoned: Is) -> Iterator[None]:
    """Saving or deleting such a row raises what nobody has thought of."""

    def refuse(instance: Any, **_: Any) -> None:
        if is_poisoned(instance):
            raise LookupError("poisoned")

    pre_save.connect(refuse, sender=model)
    pre_delete.connect(refuse, sender=model)
    try:
        yield
    finally:
        pre_save.disconnect(refuse, sender=model)
        pre_delete.disconnect(refuse, sender=model)


def of_bad(two: SimpleNamespace) -> Is:
    return lambda row: getattr(row, "tenant_id", row.pk) == two.bad.pk
