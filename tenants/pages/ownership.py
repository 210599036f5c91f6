"""Handing the workspace over: offered by an owner, answered by the member."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from identity.security import needs_recent_sign_in
from tenants.hosts.access import requires
from tenants.members import ownership, room
from tenants.pages import members
from tenants.pages.forms import OfferForm
from tenants.permissions import May
from tenants.requests import WorkspaceRequest

OVER = "This offer is over: it was answered, withdrawn, or older than a week."


@require_POST
@requires(May.HAND_OVER)
@needs_recent_sign_in
def offer(request: WorkspaceRequest) -> HttpResponse:
    """Ask a member to become an owner."""
    form = OfferForm(request.POST, tenant=request.tenant)
    if not form.is_valid():
        return members.page(request, offer_form=form, status=422)
    to = form.cleaned_data["to"]
    ownership.offer(to, by=request.user, stays=form.cleaned_data["stays"])
    messages.success(request, f"We have asked {to.user}. They have a week to accept.")
    return redirect("tenants:members")


@require_POST
@requires(May.HAND_OVER)
def withdraw(request: WorkspaceRequest) -> HttpResponse:
    """Take the offer back."""
    try:
        ownership.withdraw(request.tenant, by=request.user)
    except ownership.NoOffer:
        messages.error(request, OVER)
    else:
        messages.success(request, "The offer is withdrawn.")
    return redirect("tenants:members")


@require_POST
@needs_recent_sign_in
def accept(request: WorkspaceRequest) -> HttpResponse:
    """Become an owner."""
    try:
        ownership.accept(request.tenant, user=request.user)
    except ownership.NoOffer:
        messages.error(request, OVER)
    except room.TooManyWorkspaces as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"You are an owner of {request.tenant.name} now.")
    return redirect("tenants:members")


@require_POST
def decline(request: WorkspaceRequest) -> HttpResponse:
    """Stay what one is."""
    try:
        ownership.decline(request.tenant, user=request.user)
    except ownership.NoOffer:
        messages.error(request, OVER)
    else:
        messages.success(request, "You have declined. Nothing has changed.")
    return redirect("tenants:members")
