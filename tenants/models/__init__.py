"""The shared tables about workspaces. Every one that holds tenant data has `.for_tenant()`."""

from tenants.models.addresses import Tombstone
from tenants.models.archives import Export, Import, PurgeReceipt
from tenants.models.fleet import MigrationFailure
from tenants.models.for_tenant import ForTenant
from tenants.models.invitations import Invitation, KeptOut
from tenants.models.keys import ApiKey
from tenants.models.life import AuditEntry, JoinDomain, OwnershipOffer, Status
from tenants.models.workspace import (
    Domain,
    Membership,
    PoolSchema,
    SchemaTemplate,
    SignupAttempt,
    Tenant,
)
from tenants.permissions import Role

__all__ = [
    "ApiKey",
    "AuditEntry",
    "Domain",
    "Export",
    "ForTenant",
    "Import",
    "Invitation",
    "JoinDomain",
    "KeptOut",
    "Membership",
    "MigrationFailure",
    "OwnershipOffer",
    "PoolSchema",
    "PurgeReceipt",
    "Role",
    "SchemaTemplate",
    "SignupAttempt",
    "Status",
    "Tenant",
    "Tombstone",
]
