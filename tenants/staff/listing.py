"""For the people who run the installation: find a workspace, suspend it with a reason, resume it, and
see which ones `migrate_tenants` could not bring along.
"""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from identity.requests import UserRequest
from identity.security import needs_recent_sign_in
from staff.access import staff_only
from staff.navigation import page
from tenants.life import suspension
from tenants.models import Role, Status, Tenant

A_PAGE = 25
# Beside the states of a workspace: it works, with the tables of an older version.
_STAYED_BEHIND = ("stayed-behind", "Migration failed")


class SuspendForm(forms.Form):
    because = forms.CharField(
        label="Reason, as the members read it",
        max_length=300,
        widget=forms.TextInput({"placeholder": "Links to a page that steals passwords."}),
    )


@require_safe
@never_cache
@staff_only
def workspaces(request: UserRequest) -> HttpResponse:
    """Those that fit what is looked for: a name, an address, or a person's mail."""
    return _page(request)


@require_POST
@staff_only
@needs_recent_sign_in
def suspend(request: UserRequest, pk: UUID) -> HttpResponse:
    """Close it until further notice; its owners get a mail."""
    tenant = get_object_or_404(Tenant, pk=pk)
    form = SuspendForm(request.POST, auto_id=f"{pk}_%s")
    if not form.is_valid():
        messages.error(request, "Say why: the members will ask.")
    elif suspension.suspend(tenant, because=form.cleaned_data["because"], by=request.user):
        messages.success(request, f"{tenant.name} is suspended.")
    else:
        messages.error(request, f"{tenant.name} is not open, so there is nothing to suspend.")
    return redirect("staff_workspace", pk)


@require_POST
@staff_only
@needs_recent_sign_in
def resume(request: UserRequest, pk: UUID) -> HttpResponse:
    """Open it again."""
    tenant = get_object_or_404(Tenant, pk=pk)
    if suspension.resume(tenant, by=request.user):
        messages.success(request, f"{tenant.name} is open again.")
    else:
        messages.error(request, f"{tenant.name} is not suspended.")
    return redirect("staff_workspace", pk)


def _page(request: UserRequest) -> HttpResponse:
    wanted = request.GET.get("q", "").strip()
    rows = Tenant.objects.order_by("-created_at").select_related("migration_failure")
    rows = rows.prefetch_related("memberships__user")
    if wanted:
        owned = Q(memberships__role=Role.OWNER, memberships__user__email__startswith=wanted.lower())
        rows = rows.filter(Q(name__icontains=wanted) | Q(slug__icontains=wanted) | owned).distinct()
    if request.GET.get("status") in Status.values:
        rows = rows.filter(status=request.GET["status"])
    elif request.GET.get("status") == _STAYED_BEHIND[0]:
        rows = rows.filter(migration_failure__isnull=False)
    shown = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    asked = request.GET.copy()
    asked.pop("page", None)
    context = {
        "page_obj": shown,
        "query": asked.urlencode(),
        "wanted": wanted,
        "status": request.GET.get("status", ""),
        "statuses": [*Status.choices, _STAYED_BEHIND],
        "lines": [_line(tenant) for tenant in shown],
    }
    return page(request, "staff/workspaces.html", context, at="staff_workspaces")


def _line(tenant: Tenant) -> dict[str, object]:
    owners = [row.user.email for row in tenant.memberships.all() if row.role == Role.OWNER]
    return {
        "tenant": tenant,
        "owners": ", ".join(owners),
        "is_active": tenant.status == Status.ACTIVE,
        "is_suspended": tenant.status == Status.SUSPENDED,
        "failure": getattr(tenant, "migration_failure", None),
        "form": SuspendForm(auto_id=f"{tenant.pk}_%s"),
    }
