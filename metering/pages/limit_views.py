"""What a workspace is told about, and the limits that it sets for itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from identity.security import needs_recent_sign_in
from metering import alerts
from metering.alerts import Threshold, alert_mail
from metering.definitions.catalogue import meters
from metering.pages.limit_forms import AlertForm, OwnLimitsForm
from metering.quotas import limits as in_force
from metering.quotas import own_limits
from tenants.hosts import requires
from tenants.models import Tenant
from tenants.permissions import May
from tenants.requests import WorkspaceRequest


@dataclass(frozen=True)
class AlertLine:
    """A threshold as the page lists it."""

    meter: str
    label: str
    key: str
    words: str
    told: str
    by_default: bool


@require_safe
@never_cache
def limits(request: WorkspaceRequest) -> HttpResponse:
    """Alerts and own limits: members read, owners and admins change."""
    return _page(request)


@require_POST
@requires(May.SET_LIMITS)
def add_alert(request: WorkspaceRequest) -> HttpResponse:
    """Watch one more threshold, or change who is told of it."""
    form = AlertForm(request.POST, tenant=request.tenant)
    if not form.is_valid():
        return _page(request, alert_form=form, status=422)
    threshold = form.threshold()
    try:
        alerts.put(request.tenant, threshold, by=request.user)
    except ValueError as wrong:
        form.add_error(None, str(wrong))
        return _page(request, alert_form=form, status=422)
    label = meters()[threshold.meter].label
    messages.success(request, f"You will be told about {label} at {threshold.words()}.")
    return redirect("metering:limits")


@require_POST
@requires(May.SET_LIMITS)
def remove_alert(request: WorkspaceRequest) -> HttpResponse:
    """Watch a threshold no longer."""
    asked = request.POST
    alerts.remove(request.tenant, asked.get("meter", ""), asked.get("key", ""), by=request.user)
    messages.success(request, "The alert is off.")
    return redirect("metering:limits")


@require_POST
@requires(May.SET_LIMITS)
@needs_recent_sign_in
def set_own_limits(request: WorkspaceRequest) -> HttpResponse:
    """Make what was entered the workspace's own limits."""
    form = OwnLimitsForm(request.POST, tenant=request.tenant)
    if not form.is_valid():
        return _page(request, limit_form=form, status=422)
    own_limits.set_own(request.tenant, form.own_limits(), by=request.user)
    messages.success(request, "Your limits are in force.")
    return redirect("metering:limits")


def _page(
    request: WorkspaceRequest,
    *,
    alert_form: AlertForm | None = None,
    limit_form: OwnLimitsForm | None = None,
    status: int = 200,
) -> HttpResponse:
    tenant = request.tenant
    limit_form = limit_form or OwnLimitsForm(tenant=tenant)
    if not request.membership.may(May.SET_LIMITS):
        for field in limit_form.fields.values():
            field.disabled = True
    context = {
        "alerts": _lines(tenant),
        "alert_form": alert_form or AlertForm(tenant=tenant),
        "limit_form": limit_form,
        "may_manage": request.membership.may(May.SET_LIMITS),
        "crumbs": [
            {"label": "Usage", "url": reverse("metering:usage")},
            {"label": "Alerts and limits", "url": ""},
        ],
    }
    return render(request, "metering/limits.html", context, status=status)


def _lines(tenant: Tenant) -> list[AlertLine]:
    people = {user.pk: str(user) for user in alert_mail.managers_of(tenant)}
    watched = alerts.of(tenant, in_force=in_force.of(tenant))
    return [_line(each, people) for each in watched if each.is_on]


def _line(threshold: Threshold, people: Mapping[UUID, str]) -> AlertLine:
    told = [people[pk] for pk in threshold.recipients if pk in people]
    return AlertLine(
        meter=threshold.meter,
        label=meters()[threshold.meter].label,
        key=threshold.key,
        words=threshold.words(),
        told=", ".join(told) or "All owners and admins",
        by_default=threshold.by_default,
    )
