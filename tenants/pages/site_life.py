"""Site pages of a workspace's life: coming in by a door, bringing back what was deleted."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from identity.requests import UserRequest, VisitorRequest
from tenants import workspace_url
from tenants.life import deletion
from tenants.members import doors, membership, room
from tenants.models import Tenant


@never_cache
@require_POST
@login_required
def join_by_door(request: UserRequest, tenant_id: UUID) -> HttpResponse:
    """Join a workspace that is open to an address of this person's; 404 for every other one."""
    tenant = next(
        (one.tenant for one in doors.open_to(request.user) if one.tenant.pk == tenant_id), None
    )
    if tenant is None:  # or joined already, by a first click
        mine = Tenant.objects.filter(memberships__user=request.user)
        return redirect(workspace_url(get_object_or_404(mine, pk=tenant_id)))
    try:
        doors.join(tenant, user=request.user)
    except membership.SeatRefused as refused:
        context = {"tenant": tenant, "refusal": str(refused)}
        return render(request, "tenants/full.html", context, status=402)
    messages.success(request, f"Welcome to {tenant.name}.")
    return redirect(workspace_url(tenant))


@never_cache
@require_POST
@login_required
def restore_own(request: UserRequest, tenant_id: UUID) -> HttpResponse:
    """Bring back a workspace of one's own from the list; 404 for every other one."""
    tenant = next((one for one in deletion.deleted_of(request.user) if one.pk == tenant_id), None)
    if tenant is None:
        tenant = get_object_or_404(Tenant, memberships__user=request.user, pk=tenant_id)
        return redirect(workspace_url(tenant))
    try:
        if deletion.restore(tenant, by=request.user):
            messages.success(request, f"{tenant.name} is back.")
    except room.TooManyWorkspaces as refusal:
        messages.error(request, str(refusal))
        return redirect("tenants_site:workspaces")
    return redirect(workspace_url(tenant))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def restore(request: VisitorRequest, token: str) -> HttpResponse:
    """What the mailed link opens. Only the POST undoes: mail scanners follow links."""
    found = deletion.behind(token)
    if found is None:
        return render(request, "tenants/restore_gone.html", status=404)
    tenant, owner = found
    if request.method == "POST":
        deletion.restore(tenant, by=owner)
        return redirect(workspace_url(tenant))
    return render(request, "tenants/restore.html", {"tenant": tenant})
