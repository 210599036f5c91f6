"""The pages. Only members get here, and the connection is in their workspace's schema already."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from identity.persons import person_of
from metering.quotas import QuotaExceeded
from tenants.requests import WorkspaceRequest
from tests.reference_product import things
from tests.reference_product.forms import ThingForm
from tests.reference_product.models import Thing
from tests.reference_product.onboarding import checklist

PAGE_SIZE = 20


@require_http_methods(["GET", "HEAD", "POST"])
def home(request: WorkspaceRequest) -> HttpResponse:
    """First steps, all things, and a form for a new one."""
    form = ThingForm(request.POST or None)
    if not form.is_valid():
        return _home(request, form, status=422 if request.method == "POST" else 200)
    try:
        things.add(request.tenant, form.cleaned_data["name"], person_id=_person_id(request))
    except QuotaExceeded as refused:
        return _home(request, form, status=402, refusal=refused.decision.reason)
    messages.success(request, "It is there.")
    return redirect("product:home")


@require_POST
def use(request: WorkspaceRequest, thing_id: UUID) -> HttpResponse:
    """Use a thing once."""
    thing = get_object_or_404(Thing, pk=thing_id)
    try:
        things.use(request.tenant, thing, person_id=_person_id(request))
    except QuotaExceeded as refused:  # by a limit that the workspace has set for itself
        return _home(request, ThingForm(), status=402, refusal=refused.decision.reason)
    return redirect("product:home")


@require_POST
def delete(request: WorkspaceRequest, thing_id: UUID) -> HttpResponse:
    """Delete a thing for good."""
    thing = get_object_or_404(Thing, pk=thing_id)
    things.delete(request.tenant, thing, person_id=_person_id(request))
    messages.success(request, f"“{thing.name}” is deleted.")
    return redirect("product:home")


def _home(
    request: WorkspaceRequest, form: ThingForm, *, status: int, refusal: str = ""
) -> HttpResponse:
    context = {
        "form": form,
        "refusal": refusal,
        "checklist": checklist(request.tenant),
        "page_obj": Paginator(Thing.objects.all(), PAGE_SIZE).get_page(request.GET.get("page")),
    }
    return render(request, "reference_product/home.html", context, status=status)


def _person_id(request: WorkspaceRequest) -> UUID:
    """A person's id: what rows keep, and what events name."""
    return person_of(request.user).id
