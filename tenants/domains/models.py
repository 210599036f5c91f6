"""A workspace's claim to a domain, and what became of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from tenants.domains import names
from tenants.models.for_tenant import ForTenant

PROOF_LABEL = "_plg-proof"  # the TXT record stands at _plg-proof.<name>
PROOF_GRACE = timedelta(days=3)  # between a proof that is gone and the end of the service
PLAN_GRACE = timedelta(days=14)  # between a plan that no longer includes it and the end


class State(models.TextChoices):
    WAITING = "waiting", "Waiting for the proof"
    SERVED = "served", "In service"
    LOST = "lost", "In service, but its proof is gone"
    STOPPED = "stopped", "Stopped"


class Because(models.TextChoices):
    PROOF = "proof", "The proof is gone"
    PLAN = "plan", "The plan does not include it"
    OTHER = "other", "Another workspace proved it"


class CustomDomain(models.Model):
    """Any number of workspaces may claim a name; the one whose token DNS shows is served.

    While it is served there is a `tenants.Domain` of this name, which is unique: that row, not this
    one, decides where a host leads.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.CASCADE, related_name="custom_domains"
    )
    name = models.CharField(max_length=253, db_index=True)
    token = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    stopped_because = models.CharField(max_length=10, choices=Because.choices, blank=True)
    is_primary = models.BooleanField(default=False)  # links of the workspace are shown with it
    redirects = models.BooleanField(default=False)  # and its other address leads here
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    # What the last look at DNS found (`dns.Findings.stored`), and when the next one is due.
    found: models.JSONField[Any, Any] = models.JSONField(default=dict)
    checks = models.PositiveIntegerField(default=0)  # since somebody last asked for one
    checked_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)  # somebody waits for a look
    next_check_at = models.DateTimeField(null=True, db_index=True)
    watched_until = models.DateTimeField(null=True)  # an unproved name is not looked up for ever
    proved_at = models.DateTimeField(null=True)
    lost_at = models.DateTimeField(null=True)
    stops_at = models.DateTimeField(null=True, db_index=True)  # the plan's grace
    certificate_asked_at = models.DateTimeField(null=True)

    objects = ForTenant.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "name"], name="one_claim_a_workspace"),
            models.UniqueConstraint(
                fields=["tenant"],
                condition=models.Q(is_primary=True),
                name="one_primary_domain_a_workspace",
            ),
        ]

    def __str__(self) -> str:
        return names.shown(self.name)

    @property
    def is_served(self) -> bool:
        return self.state in {State.SERVED, State.LOST}

    @property
    def proof_name(self) -> str:
        """Where the TXT record stands."""
        return f"{PROOF_LABEL}.{self.name}"

    @property
    def proof_value(self) -> str:
        return f"plg-proof={self.token}"

    @property
    def client_id(self) -> str:
        """Its client at our own OpenID Connect provider."""
        return f"domain-{self.pk.hex}"

    @property
    def proof_ends_at(self) -> Any:
        """When a domain whose proof is gone stops being served."""
        return self.lost_at + PROOF_GRACE if self.lost_at else None
