"""The workspace's own pages: members, API keys, settings."""

from __future__ import annotations

from uuid import UUID

from allauth.account.views import logout as allauth_logout
from django.conf import settings as django_settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tenants import api_keys as keys
from tenants import membership as members_flow
from tenants.access import open_to_visitors, requires
from tenants.domains import signing_in
from tenants.forms import ApiKeyForm, InviteForm, WorkspaceForm
from tenants.models import ApiKey, Invitation, Membership
from tenants.permissions import May
from tenants.requests import WorkspaceRequest


@require_GET
def members(request: WorkspaceRequest) -> HttpResponse:
    """Everybody in the workspace, open invitations, and for managers the form to invite."""
    return _members_page(request, InviteForm(initial={"role": "member"}))


def _members_page(
    request: WorkspaceRequest, form: InviteForm, *, status: int = 200, refusal: str = ""
) -> HttpResponse:
    context = {
        "form": form,
        "refusal": refusal,
        "memberships": Membership.objects.for_tenant(request.tenant)
        .select_related("user")
        .order_by("joined_at"),
        "invitations": Invitation.objects.for_tenant(request.tenant)
        .filter(accepted_at=None)
        .order_by("-created_at"),
    }
    return render(request, "tenants/members.html", context, status=status)


@require_POST
@requires(May.INVITE)
def invite(request: WorkspaceRequest) -> HttpResponse:
    """Mail an invitation; only from an address that is proved, so nobody invites as somebody else."""
    form = InviteForm(request.POST)
    if not request.user.has_verified_email:
        refusal = "Please verify your address first; the mail with the link is in your inbox."
        return _members_page(request, form, status=403, refusal=refusal)
    if not form.is_valid():
        return _members_page(request, form, status=422)
    email = form.cleaned_data["email"].lower()
    if Membership.objects.for_tenant(request.tenant).filter(user__email=email).exists():
        form.add_error("email", "This person is a member already.")
        return _members_page(request, form, status=422)
    try:
        members_flow.invite(
            request.tenant, email=email, role=form.cleaned_data["role"], by=request.user
        )
    except members_flow.SeatRefused as refused:
        return _members_page(request, form, status=402, refusal=str(refused))
    messages.success(request, f"We mailed an invitation to {email}.")
    return redirect("tenants:members")


@require_POST
@requires(May.INVITE)
def withdraw_invitation(request: WorkspaceRequest, invitation_id: UUID) -> HttpResponse:
    """The link in the mail stops working."""
    invitations = Invitation.objects.for_tenant(request.tenant)
    invitation = get_object_or_404(invitations, pk=invitation_id, accepted_at=None)
    invitation.delete()
    messages.success(request, f"The invitation to {invitation.email} is withdrawn.")
    return redirect("tenants:members")


@require_POST
@requires(May.INVITE)
def remove_member(request: WorkspaceRequest, membership_id: int) -> HttpResponse:
    """End somebody's membership; the last owner stays."""
    membership = get_object_or_404(
        Membership.objects.for_tenant(request.tenant).select_related("user"), pk=membership_id
    )
    try:
        members_flow.remove_member(membership)
    except members_flow.LastOwner as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"{membership.user} is no longer a member.")
    return redirect("tenants:members")


@require_http_methods(["GET", "POST"])
@requires(May.MAKE_KEYS)
@never_cache
def api_keys(request: WorkspaceRequest) -> HttpResponse:
    """The keys; a POST makes one and shows its secret on this one answer."""
    form = ApiKeyForm(request.POST or None)
    created, secret, status = None, None, 200
    if request.method == "POST":
        if form.is_valid():
            created, secret = keys.create(
                request.tenant, name=form.cleaned_data["name"], user=request.user
            )
            form = ApiKeyForm()
        else:
            status = 422
    context = {
        "form": form,
        "created": created,
        "secret": secret,
        "keys": ApiKey.objects.for_tenant(request.tenant)
        .select_related("created_by")
        .order_by("revoked_at", "-created_at"),
    }
    return render(request, "tenants/api_keys.html", context, status=status)


@require_POST
@requires(May.MAKE_KEYS)
def revoke_api_key(request: WorkspaceRequest, key_id: UUID) -> HttpResponse:
    """From here on the key answers 401."""
    key = get_object_or_404(
        ApiKey.objects.for_tenant(request.tenant).select_related("tenant"), pk=key_id
    )
    if keys.revoke(key, user=request.user):
        messages.success(request, f"The key “{key.name}” no longer works.")
    return redirect("tenants:api_keys")


@require_http_methods(["GET", "POST"])
@requires(May.NAME)
def settings(request: WorkspaceRequest) -> HttpResponse:
    """Name and time zone of the workspace; its address and the like are shown."""
    form = WorkspaceForm(request.POST or None, instance=request.tenant)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("tenants:settings")
    status = 422 if form.errors else 200
    return render(request, "tenants/settings.html", {"form": form}, status=status)


@open_to_visitors
def sign_out(request: WorkspaceRequest) -> HttpResponse:
    """The session is shared, so signing out here signs out of the site, too."""
    own_domain = signing_in.claim_of(request)
    if request.method != "POST":
        return redirect("/" if own_domain else f"{django_settings.SITE_URL}/logout/")
    if own_domain is not None:
        return signing_in.sign_out(request, own_domain)
    return allauth_logout(request)
