"""A row that is saved writes what was changed since it was loaded, and nothing else.

A form holds a whole row as it was when the request began. Written back whole, it would undo what happened
to the other columns meanwhile: a profile that is saved while the owner of an address proves it would bring
the stranger's password back. allauth, Wagtail and Django save whole rows, so it is not left to callers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db import models


class ChangedOnly(models.Model):
    _loaded: dict[str, Any] | None = None  # by column: what the database said last

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        is_new = self._state.adding or self._loaded is None or kwargs.get("force_insert")
        if not is_new and kwargs.get("update_fields") is None:
            kwargs["update_fields"] = self.changed()
        super().save(*args, **kwargs)
        self._written(kwargs.get("update_fields"))

    def inserted(self) -> None:
        """It was written by `events.new_rows`."""
        self._written(None)

    @classmethod
    def from_db(
        cls, db: str | None, field_names: Collection[str], values: Collection[Any], **more: Any
    ) -> Any:
        row = super().from_db(db, field_names, values, **more)
        row._loaded = row._columns()
        return row

    def refresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: Any = None,
    ) -> None:
        fields = None if fields is None else list(fields)
        super().refresh_from_db(using, fields, from_queryset)
        now = self._columns()
        if fields is not None:
            names = {self._meta.get_field(name).attname for name in fields}  # type: ignore[union-attr]
            now = {name: value for name, value in now.items() if name in names}
        self._loaded = {**(self._loaded or {}), **now}

    def loaded(self, column: str) -> Any:
        """What the database said when this was loaded or saved last, whatever was set since."""
        return (self._loaded or {}).get(column)

    def changed(self) -> list[str]:
        """The fields that are not as they were loaded."""
        before, now = self._loaded or {}, self._columns()
        return [
            field.name
            for field in self._meta.concrete_fields
            if field.attname in now
            and (field.attname not in before or before[field.attname] != now[field.attname])
        ]

    def _written(self, fields: Collection[str] | None) -> None:
        columns = {
            field.attname
            for field in self._meta.concrete_fields
            if fields is None or {field.name, field.attname} & set(fields)
        }
        now = {name: value for name, value in self._columns().items() if name in columns}
        self._loaded = {**(self._loaded or {}), **now}

    def _columns(self) -> dict[str, Any]:
        mine = self.__dict__
        names = [field.attname for field in self._meta.concrete_fields]
        return {name: mine[name] for name in names if name in mine}
