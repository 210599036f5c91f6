"""Danger zone: deleting the workspace; and the way back while it is deleted."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from identity.security import needs_recent_sign_in
from tenants.hosts.access import requires
from tenants.hosts.closed import open_while
from tenants.life import deletion
from tenants.models import Status
from tenants.pages.forms import DeleteForm
from tenants.permissions import May
from tenants.requests import WorkspaceRequest


@require_http_methods(["GET", "HEAD", "POST"])
@requires(May.DELETE)
@needs_recent_sign_in
def danger(request: WorkspaceRequest) -> HttpResponse:
    """A POST with the workspace's name deletes it; its owners are told how to undo it."""
    form = DeleteForm(request.POST or None, tenant=request.tenant)
    if request.method == "POST" and form.is_valid():
        deletion.delete(request.tenant, by=request.user)
        return redirect("/")  # the page that says so, and undoes it
    context = {"form": form, "days": settings.DELETION_GRACE_DAYS}
    status = 422 if form.errors else 200
    return render(request, "tenants/settings/danger.html", context, status=status)


@open_while(Status.DELETED)
@require_POST
@requires(May.DELETE)
def restore(request: WorkspaceRequest) -> HttpResponse:
    """Undo the deletion."""
    if deletion.restore(request.tenant, by=request.user):
        messages.success(request, "The workspace is back.")
    return redirect("/")
