"""A workspace, its addresses, its members, and where its schema comes from."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django_tenants.models import DomainMixin, TenantMixin
from uuid_utils.compat import uuid7

from identity.addresses import AddressField
from identity.addresses import constraint as normal_address
from identity.names import ONE_LINE, NameField
from tenants import addresses, zones
from tenants.models.for_tenant import ForTenant
from tenants.models.life import Status
from tenants.permissions import May, Role, allowed
from tenants.signals import hosts_changed

# What no request looks at; a migration of the fleet must not ask for the hosts of each workspace.
_UNSEEN = {"fingerprint"}


class ForgetsHosts(models.QuerySet[Any]):
    """Workspaces or domains. `save()` and `delete()` tell by signals, `update()` tells nobody else."""

    def update(self, **changes: Any) -> int:
        if changes.keys() <= _UNSEEN:
            return super().update(**changes)
        known = self.order_by()
        if self.model is not Domain:
            known = Domain.objects.filter(tenant__in=known.values("pk"))
        before = set(known.values_list("domain", flat=True))
        changed = super().update(**changes)
        if self.model is Domain and "domain" in changes:
            before.add(changes["domain"])
        hosts_changed.send(self.model, hosts=before)
        return changed


class NotPurged(models.Manager.from_queryset(ForgetsHosts)):  # type: ignore[misc]
    """Of a purged workspace only a row without a name is left, that statements and receipt refer to.

    Whoever goes over workspaces means those that have a schema.
    """

    def get_queryset(self) -> models.QuerySet[Tenant]:
        return super().get_queryset().filter(purged_at=None)


class Tenant(TenantMixin):
    """A workspace: its name, its address and the PostgreSQL schema that holds its data."""

    # Schemas come from the pool (provisioning.py); saving a row never runs a migration.
    auto_create_schema = False
    auto_drop_schema = False

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = NameField(max_length=80)
    slug = models.CharField(
        max_length=addresses.SLUG_MAX_LENGTH, unique=True, validators=[addresses.validate_slug]
    )
    # An IANA name; what "a day" means on its usage pages. Periods and invoices do not depend on it.
    time_zone = models.CharField(
        max_length=64, default="UTC", db_default="UTC", validators=[zones.validate_time_zone]
    )
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.UUIDField("person who signed up", null=True, editable=False)
    intent = models.CharField("plan picked before sign-up", max_length=40, blank=True)
    # What it was furnished with (tenants.pool.templates).
    template = models.CharField(max_length=40, blank=True, default="", db_default="")

    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.ACTIVE, db_default=Status.ACTIVE
    )
    # Signed up for by who knows what (tenants.signing_up.admission): it gets a schema when somebody opens it.
    held = models.BooleanField(default=False, db_default=False, editable=False)
    unproved_warned_at = models.DateTimeField(null=True, editable=False)
    suspended_at = models.DateTimeField(null=True, editable=False)
    # Shown to its members.
    suspended_because = models.CharField(max_length=300, blank=True, default="", db_default="")
    deleted_at = models.DateTimeField(null=True, editable=False)
    purge_after = models.DateTimeField(null=True, editable=False, db_index=True)
    purge_warned_at = models.DateTimeField("last mail before the purge", null=True, editable=False)
    purged_at = models.DateTimeField(null=True, editable=False)
    # The state of the tenant migrations that the schema is in (tenants.pool.fingerprints).
    fingerprint = models.CharField(max_length=64, blank=True, default="", db_default="")

    # Set by tenants.domains: how many domains of its own the plan includes; under which one it is
    # shown, "" for none; whether its ordinary address leads there.
    domain_limit = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    own_domain = models.CharField(max_length=253, blank=True, default="", db_default="")
    own_domain_redirects = models.BooleanField(default=False, db_default=False)

    objects = NotPurged()
    with_purged = ForgetsHosts.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["created_at"], name="workspaces_by_age"),
            models.Index(
                fields=["created_at"],
                condition=models.Q(status=Status.PREPARING),
                name="waiting_for_a_schema",
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=ONE_LINE, name="workspace_name_is_one_line")
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return addresses.workspace_url(self)

    def _check_schema_name_is_unique(self) -> None:
        """Names come from the pool, random and in small letters: no scan over all tenants."""


class Domain(DomainMixin):
    """A host name that leads to a workspace."""

    # A workspace's address before it was changed: redirects, and is nobody else's, until then.
    former_until = models.DateTimeField(null=True, editable=False, db_index=True)

    objects = ForgetsHosts.as_manager()

    def __str__(self) -> str:
        return self.domain


class Membership(models.Model):
    """A user's seat in a workspace."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    joined_at = models.DateTimeField(default=timezone.now)

    objects = ForTenant.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "user"], name="one_membership_a_workspace")
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.role}) in {self.tenant}"

    def may(self, what: May) -> bool:
        """Whether the role allows it; `tenants.permissions` has the table."""
        return what in allowed(self.role)

    @property
    def allowed(self) -> frozenset[May]:
        """For templates: `{% if "invite" in request.membership.allowed %}`."""
        return allowed(self.role)

    @property
    def may_manage(self) -> bool:
        """Owners and admins invite, remove, bill and make keys."""
        return self.role in {Role.OWNER, Role.ADMIN}


class SignupAttempt(models.Model):
    """One opened sign-up form. Its unique token makes a second click find the first one's result."""

    token = models.UUIDField(primary_key=True)
    email = AddressField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE)
    tenant = models.ForeignKey(Tenant, null=True, on_delete=models.CASCADE)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [normal_address("signup_attempt_email_is_normal")]

    def __str__(self) -> str:
        return f"{self.email} at {self.created_at:%Y-%m-%d %H:%M}"


class SchemaTemplate(models.Model):
    """The DDL of an empty workspace schema, taken once for each state of the tenant migrations."""

    fingerprint = models.CharField(primary_key=True, max_length=64)
    script = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.fingerprint[:12]


class PoolSchema(models.Model):
    """A ready schema that waits for a sign-up. Claimed by deleting its row."""

    schema_name = models.CharField(primary_key=True, max_length=63)
    # tenants.pool.fingerprints.of_template: it is handed out only while that is the current one.
    fingerprint = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        # The oldest of a template, also among hundreds of rows that a rush has just deleted.
        indexes = [models.Index(fields=["fingerprint", "created_at"], name="pool_in_turn")]

    def __str__(self) -> str:
        return self.schema_name
