"""For the people who run the installation: what workspaces are given beyond what they pay for."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import stripe
import structlog
from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing import catalogue, failures, granting
from billing.entitlements import NotGranted
from billing.models import Account
from billing.pages.staff_money import minor_units
from billing.pages.staff_rights import may_move_money, money_only, tabs
from identity.requests import UserRequest
from identity.security import needs_recent_sign_in, needs_recent_sign_in_to_send
from staff import trail
from staff.access import staff_only
from staff.navigation import page
from tenants.models import Tenant

log = structlog.get_logger()
A_PAGE = 25
_LONGEST = timedelta(days=2 * 365)  # Stripe takes no trial that ends later
_LATER = (
    "It is written down, and Stripe does not answer at the moment: it is brought there within minutes, "
    "once. Nobody has to do anything."
)
_WHAT = (
    ("plan", "A plan, for nothing"),
    ("feature", "A feature, for nothing"),
    ("credit", "A credit, which the next invoices take"),
    ("trial", "A longer trial; without one, a trial of the plan below"),
)


_DAYS = [MinValueValidator(date(1970, 1, 1)), MaxValueValidator(date(2199, 12, 31))]


class GrantForm(forms.Form):
    what = forms.ChoiceField(label="What", choices=_WHAT)
    plan = forms.ChoiceField(label="Plan, or plan of the trial", required=False)
    feature = forms.ChoiceField(label="Feature", required=False)
    amount = forms.CharField(
        label="Amount of the credit, like 12.50", max_length=20, required=False
    )
    until = forms.DateField(
        label="Until the end of",
        validators=_DAYS,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
    )
    reason = forms.CharField(
        label="Reason",
        max_length=300,
        widget=forms.TextInput({"placeholder": "Two days without service in October."}),
    )

    def __init__(self, *args: object, account: Account, **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]
        self.currency = account.pays_in
        paid = [(plan.key, plan.name) for plan in catalogue.plans() if not plan.is_free]
        features = [(each.key, each.label) for each in catalogue.features()]
        for name, known in (("plan", paid), ("feature", features)):
            field: Any = self.fields[name]
            field.choices = [("", "—"), *known]

    def clean_until(self) -> datetime:
        """The last instant of that day, in UTC."""
        day = self.cleaned_data["until"]
        until = datetime.combine(day, time(), UTC) + timedelta(days=1)
        if until - timezone.now() > _LONGEST:
            raise forms.ValidationError("At most two years.")
        return until

    def clean(self) -> None:
        said = self.cleaned_data
        what = said.get("what")
        if what == "credit" and said.get("amount") is not None:
            amount = minor_units(said["amount"], self.currency or "usd")
            if amount is None or amount <= 0:
                self.add_error("amount", "An amount like 12.50, above nothing.")
            else:
                said["amount"] = amount
        if what in ("plan", "feature") and not said.get(what):
            self.add_error(what, "Say which.")

    def wish(self) -> granting.Wish:
        """What is asked for. The form is valid."""
        said = self.cleaned_data
        return granting.Wish(
            what=said["what"],
            until=said["until"],
            reason=said["reason"],
            plan=said["plan"],
            feature=said["feature"],
            amount=said["amount"] if said["what"] == "credit" else 0,
            currency=self.currency,
        )


@require_safe
@never_cache
@staff_only
def grants(request: UserRequest) -> HttpResponse:
    """What workspaces have now, that which ends first in front."""
    shown = Paginator(granting.running(), A_PAGE).get_page(request.GET.get("page"))
    context = {"tabs": tabs("staff_grants"), "page_obj": shown, "lines": list(shown)}
    return page(request, "staff/grants.html", context, at="staff_revenue")


@require_http_methods(["GET", "POST"])
@never_cache
@staff_only
@needs_recent_sign_in_to_send
def of_workspace(request: UserRequest, pk: UUID) -> HttpResponse:
    """GET shows what a workspace was given, POST gives."""
    tenant = get_object_or_404(Tenant, pk=pk, purged_at=None)
    trail.note(request.user, "workspace", tenant.pk)
    if request.method == "POST":
        return _give(request, tenant)
    return _page(request, tenant, GrantForm(account=_account(tenant)))


@money_only
def _give(request: UserRequest, tenant: Tenant) -> HttpResponse:
    form = GrantForm(request.POST, account=_account(tenant))
    if not form.is_valid():
        return _page(request, tenant, form, status=400)
    try:
        granting.give(tenant, form.wish(), by=request.user)
    except NotGranted as refused:
        form.add_error(None, str(refused))
        return _page(request, tenant, form, status=409)
    except stripe.StripeError as error:
        _say(request, error, tenant)
    else:
        messages.success(request, "Given. It can be revoked below.")
    return redirect("staff_workspace_grants", tenant.pk)


@require_POST
@staff_only
@money_only
@needs_recent_sign_in
def revoke(request: UserRequest, pk: UUID, grant: str) -> HttpResponse:
    """Take back what was given, as far as it is not used."""
    tenant = get_object_or_404(Tenant, pk=pk, purged_at=None)
    try:
        was = granting.revoke(tenant, grant, by=request.user)
    except KeyError:
        raise Http404 from None
    except stripe.StripeError as error:
        _say(request, error, tenant)
    else:
        messages.success(request, "Taken back." if was else "It is over already.")
    return redirect("staff_workspace_grants", pk)


def _say(request: UserRequest, error: stripe.StripeError, tenant: Tenant) -> None:
    if failures.passes(error):
        log.warning("billing.gift_waits", tenant=str(tenant.pk), error=repr(error))
        messages.warning(request, _LATER)
        return
    log.error("billing.gift_refused", tenant=str(tenant.pk), error=repr(error))
    messages.error(request, f"Stripe refuses this: {error.user_message or error}")


def _account(tenant: Tenant) -> Account:
    return Account.objects.for_tenant(tenant).first() or Account(tenant=tenant)


def _page(
    request: UserRequest, tenant: Tenant, form: GrantForm, *, status: int = 200
) -> HttpResponse:
    shown = Paginator(granting.given_to(tenant), A_PAGE).get_page(request.GET.get("page"))
    context = {
        "tenant": tenant,
        "form": form,
        "page_obj": shown,
        "lines": list(shown),
        "may": may_move_money(request.user),
        "currency": form.currency.upper(),
    }
    answer = page(request, "staff/workspace_grants.html", context)
    answer.status_code = status
    return answer
