"""The account that a request is about."""

from __future__ import annotations

from billing.models import Account
from tenants.requests import WorkspaceRequest


def account_of(request: WorkspaceRequest) -> Account:
    """That of the workspace; where there is none yet, a POST makes it, and a page shows one unsaved."""
    rows = Account.objects
    return rows.of(request.tenant) if request.method == "POST" else rows.shown(request.tenant)
