"""Members: who is in, who is invited, which doors are open, who is offered the workspace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from identity.security import needs_recent_sign_in, needs_recent_sign_in_where
from outbound import gating
from tenants import row_bounds
from tenants.hosts.access import requires
from tenants.members import door_proofs, doors, membership, ownership, roles, seat_offers
from tenants.models import Invitation, JoinDomain, Membership, Role
from tenants.pages import keys_first
from tenants.pages.forms import InviteForm, OfferForm, OpenDoorForm, RoleForm
from tenants.permissions import May, allowed
from tenants.requests import WorkspaceRequest

NOT_VERIFIED = (
    "Please verify your address first, with the link that we mailed you. If the address is wrong, add "
    "the right one under “Your addresses”."
)
REFUSALS = (membership.LastOwner, membership.OwnersOnly)


@dataclass(frozen=True)
class Row:
    """A member as the page lists them, with what the reader may do about it."""

    membership: Membership
    is_reader: bool
    role_form: RoleForm | None
    may_be_removed: bool


@dataclass(frozen=True)
class DoorRow:
    """A door as the page lists it: "open" (proved), "in time" (open, the proof is missing) or
    "waiting". `asked`: a worker is about to look."""

    door: JoinDomain
    state: str
    asked: bool
    proof_name: str
    proof_value: str


@require_safe
def members(request: WorkspaceRequest) -> HttpResponse:
    """Everybody in the workspace; for who may, what can be changed."""
    return page(request)


def page(
    request: WorkspaceRequest, *, status: int = 200, refusal: str = "", **forms: Any
) -> HttpResponse:
    """The page, with the form that was refused in the place of a fresh one."""
    tenant, reader = request.tenant, request.membership
    listed = Membership.objects.for_tenant(tenant).select_related("user").order_by("joined_at")
    context = {
        "form": InviteForm(initial={"role": Role.MEMBER}),
        "door_form": OpenDoorForm(domains=doors.openable(tenant)),
        "offer_form": OfferForm(tenant=tenant),
        "refusal": refusal,
        "rows": (rows := [_row(each, reader) for each in listed]),
        "seat_offer": seat_offers.offered(tenant, members=len(rows))
        if reader.may(May.PAY)
        else None,
        "invitations": Invitation.objects.for_tenant(tenant)
        .filter(accepted_at=None)
        .order_by("-created_at"),
        "now": timezone.now(),
        "doors": [_door_row(door) for door in doors.of(tenant)],
        "offer": ownership.open_offer(tenant),
        **forms,
    }
    return render(request, "tenants/members.html", context, status=status)


def _row(each: Membership, reader: Membership) -> Row:
    is_reader = each.pk == reader.pk
    reachable = each.role != Role.OWNER or reader.role == Role.OWNER
    may_change = reader.may(May.CHANGE_ROLES) and reachable
    return Row(
        membership=each,
        is_reader=is_reader,
        role_form=RoleForm(membership=each) if may_change else None,
        may_be_removed=reader.may(May.INVITE) and reachable and not is_reader,
    )


def _door_row(door: JoinDomain) -> DoorRow:
    now = timezone.now()
    in_time = door.open_until is not None and door.open_until > now
    state = "open" if door.proved_at else "in time" if in_time else "waiting"
    asked = door.next_check_at is not None and door.next_check_at <= now
    return DoorRow(door, state, asked, door_proofs.name_of(door), door_proofs.value_of(door))


def _invites_a_manager(request: WorkspaceRequest, invitation_id: UUID | None = None) -> bool:
    if invitation_id is None:
        return request.POST.get("role") != Role.MEMBER
    return _invitation(request, invitation_id).role != Role.MEMBER


def _is_about_a_manager(request: WorkspaceRequest, membership_id: int | None = None) -> bool:
    """Whether it is about an owner or admin, who may be somebody else or the reader."""
    about = request.membership if membership_id is None else _membership(request, membership_id)
    return about.role != Role.MEMBER


@require_POST
@requires(May.INVITE)
@needs_recent_sign_in_where(_invites_a_manager)
def invite(request: WorkspaceRequest) -> HttpResponse:
    """Mail an invitation; only from an address that is proved, so nobody invites as somebody else."""
    form = InviteForm(request.POST)
    if not request.user.has_verified_email:
        return page(request, form=form, status=403, refusal=NOT_VERIFIED)
    if not form.is_valid():
        return page(request, form=form, status=422)
    email = form.cleaned_data["email"]
    if membership.has_address(request.tenant, email):
        form.add_error("email", "This person is a member already.")
        return page(request, form=form, status=422)
    try:
        membership.invite(
            request.tenant, email=email, role=form.cleaned_data["role"], by=request.user
        )
    except membership.SeatRefused as refused:
        return page(request, form=form, status=402, refusal=str(refused))
    except gating.TooManyToStrangers as refused:
        return _too_many(page(request, form=form, status=429, refusal=str(refused)), refused)
    except row_bounds.TooManyRows as refused:
        return page(request, form=form, status=422, refusal=str(refused))
    messages.success(request, f"We mailed an invitation to {email}.")
    return redirect("tenants:members")


@require_POST
@requires(May.INVITE)
@needs_recent_sign_in_where(_invites_a_manager)
def invite_again(request: WorkspaceRequest, invitation_id: UUID) -> HttpResponse:
    """A new link and another week; the old link stops working."""
    invitation = _invitation(request, invitation_id)
    try:
        membership.invite_again(invitation, by=request.user)
    except membership.SeatRefused as refused:
        return page(request, status=402, refusal=str(refused))
    except membership.AddressNotProved:
        return page(request, status=403, refusal=NOT_VERIFIED)
    except gating.TooManyToStrangers as refused:
        return _too_many(page(request, status=429, refusal=str(refused)), refused)
    messages.success(request, f"We mailed {invitation.email} a new link.")
    return redirect("tenants:members")


def _too_many(response: HttpResponse, refused: gating.TooManyToStrangers) -> HttpResponse:
    response.headers["Retry-After"] = str(refused.retry_after)
    return response


@require_POST
@requires(May.INVITE)
def withdraw_invitation(request: WorkspaceRequest, invitation_id: UUID) -> HttpResponse:
    """The link in the mail stops working."""
    invitation = _invitation(request, invitation_id)
    membership.withdraw(invitation, by=request.user)
    messages.success(request, f"The invitation to {invitation.email} is withdrawn.")
    return redirect("tenants:members")


@require_POST
@requires(May.INVITE)
@needs_recent_sign_in_where(_is_about_a_manager)
def remove_member(request: WorkspaceRequest, membership_id: int) -> HttpResponse:
    """End somebody's membership; the last owner stays. Asks first what becomes of their API keys."""
    found = _membership(request, membership_id)
    settled = keys_first.settled(
        request, found, title=f"Remove {found.user}", action="Remove this person"
    )
    if isinstance(settled, HttpResponse):
        return settled
    try:
        ended = membership.remove_member(found, by=request.user, keys_to=settled.to)
    except REFUSALS as refused:
        messages.error(request, str(refused))
    else:
        said = f"{found.user} is no longer a member. {ended.in_words()}"
        messages.success(request, said.strip())
    return redirect("tenants:members")


@require_POST
@requires(May.CHANGE_ROLES)
@needs_recent_sign_in  # whatever the change is, it makes or unmakes an admin
def change_role(request: WorkspaceRequest, membership_id: int) -> HttpResponse:
    """Make somebody an admin or a member."""
    found = _membership(request, membership_id)
    form = RoleForm(request.POST, membership=found)
    if not form.is_valid():
        messages.error(request, "Please choose one of the roles.")
        return redirect("tenants:members")
    to = None
    if May.MAKE_KEYS not in allowed(form.chosen()):
        settled = keys_first.settled(
            request, found, title=f"Change the role of {found.user}", action="Change the role"
        )
        if isinstance(settled, HttpResponse):
            return settled
        to = settled.to
    try:
        ended = roles.change_role(found, role=form.chosen(), by=request.user, keys_to=to)
    except REFUSALS as refused:
        messages.error(request, str(refused))
    else:
        role = found.get_role_display().lower()
        said = f"{found.user} is {'an' if role == 'admin' else 'a'} {role} now. {ended.in_words()}"
        messages.success(request, said.strip())
    return redirect("tenants:members")


@require_POST
@needs_recent_sign_in_where(_is_about_a_manager)
def leave(request: WorkspaceRequest) -> HttpResponse:
    """Give one's own seat back, and go to the site."""
    settled = keys_first.settled(
        request, request.membership, title=f"Leave {request.tenant.name}", action="Leave"
    )
    if isinstance(settled, HttpResponse):
        return settled
    try:
        membership.leave(request.membership, keys_to=settled.to)
    except membership.LastOwner as refused:
        messages.error(request, str(refused))
        return redirect("tenants:members")
    messages.success(request, f"You have left {request.tenant.name}.")
    return redirect(f"{settings.SITE_URL}/workspaces/")


@require_POST
@requires(May.OPEN_DOORS)
@needs_recent_sign_in
def open_door(request: WorkspaceRequest) -> HttpResponse:
    """Let people with a verified address of a domain join."""
    form = OpenDoorForm(request.POST, domains=doors.openable(request.tenant))
    if not form.is_valid():
        return page(request, door_form=form, status=422)
    try:
        door = doors.open_door(request.tenant, domain=form.cleaned_data["domain"], by=request.user)
    except (doors.DoorRefused, row_bounds.TooManyRows) as refused:
        form.add_error("domain", str(refused))
        return page(request, door_form=form, status=422)
    messages.success(
        request,
        f"Put the TXT record into DNS that you see below. As soon as it is there, people with an "
        f"address at {door.domain} can join.",
    )
    return redirect("tenants:members")


@require_POST
@requires(May.OPEN_DOORS)
def check_door(request: WorkspaceRequest, door_id: int) -> HttpResponse:
    """Have a worker look for the proof."""
    door = _door(request, door_id)
    door_proofs.ask(door)
    messages.success(request, f"We are looking for the record of {door.domain}.")
    return redirect("tenants:members")


@require_POST
@requires(May.OPEN_DOORS)
def close_door(request: WorkspaceRequest, door_id: int) -> HttpResponse:
    """Nobody else comes in this way; who is in stays."""
    door = _door(request, door_id)
    doors.close_door(door, by=request.user)
    messages.success(request, f"Addresses at {door.domain} no longer let anybody in.")
    return redirect("tenants:members")


def _door(request: WorkspaceRequest, door_id: int) -> JoinDomain:
    rows = JoinDomain.objects.for_tenant(request.tenant).select_related("tenant")
    found: JoinDomain = get_object_or_404(rows, pk=door_id)
    return found


def _invitation(request: WorkspaceRequest, invitation_id: UUID) -> Invitation:
    rows = Invitation.objects.for_tenant(request.tenant).select_related("tenant")
    return get_object_or_404(rows, pk=invitation_id, accepted_at=None)


def _membership(request: WorkspaceRequest, membership_id: int) -> Membership:
    rows = Membership.objects.for_tenant(request.tenant).select_related("user", "tenant")
    return get_object_or_404(rows, pk=membership_id)
