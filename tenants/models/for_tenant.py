"""The queryset of every shared table that holds tenant data."""

from __future__ import annotations

from typing import Any, Self

from django.db import models


class ForTenant(models.QuerySet[Any]):
    """Rows of one workspace; nothing reads a shared table of tenant data without it."""

    def for_tenant(self, tenant: models.Model) -> Self:
        return self.filter(tenant=tenant)
