"""Pages of the site host about a person's workspaces: where to go, which to choose, joining one."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from identity import visits
from identity.requests import UserRequest
from tenants import workspace_url
from tenants.addresses import home_url
from tenants.life import deletion
from tenants.members import doors, room
from tenants.members import membership as members_flow
from tenants.members.joining import HasAccount, JoinForm, has_account
from tenants.models import Status, Tenant
from tenants.pages.forms import NewWorkspaceForm
from tenants.signing_up import picked, provisioning


@never_cache
@login_required
def go(request: UserRequest) -> HttpResponse:
    """After sign-in: into the only workspace, or to the list of several.

    With `?plan=pro&interval=year` (the price list's links) on to where that plan is bought.
    """
    mine = list(_workspaces_of(request)[:2])
    chosen = picked.of(request.GET)
    if len(mine) == 1:
        home = home_url(mine[0], picked.price_list_of(chosen))
        return redirect(visits.carried_campaign(request, home))
    listed = visits.carried_campaign(request, reverse("tenants_site:workspaces"))
    if mine and chosen:
        return redirect(f"{listed}{'&' if '?' in listed else '?'}{chosen.query}")
    if not mine and request.user.has_perm("wagtailadmin.access_admin"):
        return redirect("wagtailadmin_home")
    return redirect(listed)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def workspaces(request: UserRequest) -> HttpResponse:
    """All workspaces of the person, and a form for another one."""
    form = NewWorkspaceForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        wanted = provisioning.NewWorkspace(name=form.cleaned_data["name"], may_wait=True)
        try:
            return redirect(home_url(provisioning.create_workspace(wanted, owner=request.user)))
        except room.TooManyWorkspaces as refused:
            form.add_error(None, str(refused))
            status = 402
    chosen = picked.of(request.GET)
    path = picked.price_list_of(chosen)
    mine = [(tenant, workspace_url(tenant, path)) for tenant in _workspaces_of(request)]
    context = {
        "form": form,
        "workspaces": mine,
        "picked": chosen,
        "open_to_me": doors.open_to(request.user),
        "deleted": deletion.deleted_of(request.user),
    }
    return render(request, "tenants/workspaces.html", context, status=status)


def _workspaces_of(request: UserRequest):  # type: ignore[no-untyped-def]
    gone = [Status.DELETED, Status.PURGING]
    mine = Tenant.objects.filter(memberships__user=request.user).exclude(status__in=gone)
    return mine.order_by("name")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: UserRequest, secret: str) -> HttpResponse:
    """What the mailed link opens. Only the POST joins: mail scanners follow links."""
    found = members_flow.find(secret)
    if found is None:
        return render(request, "tenants/invitation_gone.html", status=404)
    if request.method == "POST" and request.user.is_authenticated:
        try:
            members_flow.accept(found, user=request.user)
        except members_flow.SeatRefused as refused:
            context = {"invitation": found, "refusal": str(refused)}
            return render(request, "tenants/invitation.html", context, status=402)
        except members_flow.OtherAddress:
            context = {"invitation": found, "other_address": True}
            return render(request, "tenants/invitation.html", context, status=403)
        except members_flow.InvitationGone:
            return render(request, "tenants/invitation_gone.html", status=409)
        messages.success(request, f"Welcome to {found.tenant.name}.")
        return redirect(home_url(found.tenant))
    query = urlencode({"next": request.path})
    context = {
        "invitation": found,
        "sign_in": f"{reverse('account_login')}?{query}",
        "join": None if has_account(found) else reverse("tenants_site:join", args=[secret]),
    }
    return render(request, "tenants/invitation.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: UserRequest, secret: str) -> HttpResponse:
    """An invited person without an account: name and, if they like, a password. No new workspace."""
    found = members_flow.find(secret)
    if found is None:
        return render(request, "tenants/invitation_gone.html", status=404)
    if request.user.is_authenticated or has_account(found):
        return redirect("tenants_site:invitation", secret=secret)
    form = JoinForm(request.POST or None, invitation=found)
    if request.method == "POST" and form.is_valid():
        try:
            return form.join(request)
        except HasAccount:
            return redirect("tenants_site:invitation", secret=secret)
        except members_flow.InvitationGone:
            return render(request, "tenants/invitation_gone.html", status=409)
        except members_flow.SeatRefused as refused:
            form.add_error(None, str(refused))
            return render(
                request, "tenants/join.html", {"form": form, "invitation": found}, status=402
            )
    status = 422 if form.errors else 200
    return render(request, "tenants/join.html", {"form": form, "invitation": found}, status=status)
