"""The queryset of what a host is resolved to: changing many rows forgets them, as saving one does."""

from __future__ import annotations

from typing import Any

from django.db import models

# What no request looks at; a migration of the fleet must not ask for the hosts of each workspace.
_UNSEEN = {"fingerprint"}


class ForgetsHosts(models.QuerySet[Any]):
    """Workspaces or domains. `save()` and `delete()` tell by signals, `update()` tells nobody else."""

    def update(self, **changes: Any) -> int:
        if changes.keys() <= _UNSEEN:
            return super().update(**changes)
        from tenants import hosts
        from tenants.models import Domain

        known = self.order_by()
        if self.model is not Domain:
            known = Domain.objects.filter(tenant__in=known.values("pk"))
        before = set(known.values_list("domain", flat=True))
        changed = super().update(**changes)
        if self.model is Domain and "domain" in changes:
            before.add(changes["domain"])
        hosts.forget_once_committed(before)
        return changed
