"""General: name, time zone, address."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from identity.security import needs_recent_sign_in
from tenants import addresses
from tenants.hosts.access import requires
from tenants.life import moving
from tenants.models import Domain, Tenant
from tenants.pages.forms import AddressForm, WorkspaceForm
from tenants.permissions import May
from tenants.requests import WorkspaceRequest


@require_http_methods(["GET", "HEAD", "POST"])
@requires(May.NAME)
def general(request: WorkspaceRequest) -> HttpResponse:
    """A POST changes name and time zone."""
    tenant = Tenant.objects.get(pk=request.tenant.pk)  # the form changes what it is given
    form = WorkspaceForm(request.POST or None, instance=tenant)
    if request.method == "POST" and form.is_valid():
        moving.rename(
            Tenant.objects.get(pk=tenant.pk),
            name=form.cleaned_data["name"],
            time_zone=form.cleaned_data["time_zone"],
            by=request.user,
        )
        messages.success(request, "Saved.")
        return redirect("tenants:settings")
    return _page(request, form=form, status=422 if form.errors else 200)


@require_POST
@requires(May.MOVE)
@needs_recent_sign_in
def move(request: WorkspaceRequest) -> HttpResponse:
    """Another address; the answer leads there."""
    form = AddressForm(request.POST)
    if form.is_valid():
        try:
            moved = moving.move(request.tenant, slug=form.cleaned_data["slug"], by=request.user)
        except moving.SlugTaken:
            form.add_error("slug", "This address is taken. Please choose another.")
        except moving.MovedTooOften as refused:
            form.add_error("slug", str(refused))
        else:
            messages.success(request, "The workspace has moved. Its old address leads here.")
            return redirect(addresses.home_url(moved, "/settings/"))
    return _page(request, address_form=form, status=422)


def _page(
    request: WorkspaceRequest,
    *,
    form: WorkspaceForm | None = None,
    address_form: AddressForm | None = None,
    status: int = 200,
) -> HttpResponse:
    tenant = Tenant.objects.get(pk=request.tenant.pk)
    former = Domain.objects.filter(tenant=tenant, former_until__isnull=False)
    context = {
        "form": form or WorkspaceForm(instance=tenant),
        "address_form": address_form or AddressForm(initial={"slug": tenant.slug}),
        "former": former.order_by("former_until"),
    }
    return render(request, "tenants/settings.html", context, status=status)
