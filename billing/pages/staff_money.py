"""For the people who run the installation: a workspace's money history, and giving a payment back."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from uuid import UUID, uuid4

import stripe
import structlog
from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from billing import failures
from billing.models import Account, MoneyEntry, StaffRefund
from billing.money import history, refunding
from billing.pages.staff_rights import may_move_money, money_only, tabs
from billing.subscriptions import entries
from identity.requests import UserRequest
from identity.security import needs_recent_sign_in
from metering.wording import decimal_places, money_in_words
from staff import trail
from staff.access import staff_only
from staff.navigation import page
from tenants.models import Tenant

log = structlog.get_logger()
A_PAGE = 25
_UNSURE = (
    "Stripe did not answer in time, so we do not know yet whether the money went back. Send the form once "
    "more: it is not given back twice. If nobody does, the periodic check finds out."
)


class RefundForm(forms.Form):
    amount = forms.CharField(label="Amount", max_length=20)
    reason = forms.CharField(
        label="Reason, as staff read it",
        max_length=300,
        widget=forms.TextInput({"placeholder": "Charged for a month they could not use."}),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *args: object, payment: MoneyEntry, **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]
        self.payment = payment

    def clean_amount(self) -> int:
        """Minor units."""
        amount = minor_units(self.cleaned_data["amount"], self.payment.currency)
        if amount is None or not 0 < amount <= self.payment.amount:
            most = money_in_words(self.payment.amount, self.payment.currency)
            raise forms.ValidationError(f"An amount like 12.50, above nothing and at most {most}.")
        return amount


def minor_units(text: str, currency: str) -> int | None:
    """What somebody typed, like "12.50", in minor units; None: it is no amount of this currency."""
    try:
        amount = Decimal(text.strip()).scaleb(decimal_places(currency))
    except InvalidOperation:
        return None
    fits = amount.is_finite() and amount == amount.to_integral_value() and abs(amount) < 10**15
    return int(amount) if fits else None


@require_safe
@never_cache
@staff_only
def money(request: UserRequest, pk: UUID) -> HttpResponse:
    """Everything that happened with a workspace's money, in one time line."""
    tenant = get_object_or_404(Tenant, pk=pk)
    trail.note(request.user, "workspace", tenant.pk)
    asked = request.GET.get("page", "1")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 1
    number = min(max(number, 1), history.MOST_PAGES)
    lines, has_more = history.page(tenant, number)
    context = {
        "tenant": tenant,
        "account": Account.objects.for_tenant(tenant).first(),
        "lines": lines,
        "may": may_move_money(request.user),
        "newer": number - 1 if number > 1 else 0,
        "older": number + 1 if has_more else 0,
    }
    return page(request, "staff/money.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
@staff_only
@money_only
@needs_recent_sign_in
def refund(request: UserRequest, pk: UUID, payment_id: str) -> HttpResponse:
    """GET asks how much and why; POST gives it back."""
    tenant = get_object_or_404(Tenant, pk=pk)
    trail.note(request.user, "workspace", tenant.pk)
    payment = refunding.payment_of(tenant, payment_id)
    if payment is None:
        raise Http404
    if request.method != "POST":
        return _form(request, payment, _fresh(payment))
    form = RefundForm(request.POST, payment=payment)
    if not form.is_valid():
        return _form(request, payment, form, status=400)
    said = form.cleaned_data
    try:
        row = refunding.refund(
            tenant, payment_id, key=said["key"], amount=said["amount"], seen_rest=said["seen"],
            reason=said["reason"], by=request.user,
        )  # fmt: skip
    except refunding.NotRefunded as refused:
        payment.refresh_from_db()
        messages.error(request, str(refused))
        return _form(request, payment, _fresh(payment, said["reason"]), status=409)
    except stripe.StripeError as error:
        return _failed(request, payment, form, error)
    messages.success(request, f"{money_in_words(row.amount, row.currency)} are on their way back.")
    return redirect("staff_money", pk)


def _failed(
    request: UserRequest, payment: MoneyEntry, form: RefundForm, error: stripe.StripeError
) -> HttpResponse:
    """The same form again, with the same key."""
    if failures.passes(error):
        log.warning("billing.refund_unsure", stripe=payment.stripe_id, error=repr(error))
        messages.error(request, _UNSURE)
        return _form(request, payment, form, status=503)
    log.error("billing.refund_refused", stripe=payment.stripe_id, error=repr(error))
    messages.error(request, f"Stripe refuses this: {error.user_message or error}")
    return _form(request, payment, _fresh(payment, form.cleaned_data["reason"]), status=409)


def _fresh(payment: MoneyEntry, reason: str = "") -> RefundForm:
    places = decimal_places(payment.currency)
    amount = Decimal(payment.rest).scaleb(-places)
    initial = {
        "amount": f"{amount:.{places}f}",
        "key": uuid4(),
        "seen": payment.rest,
        "reason": reason,
    }
    return RefundForm(initial=initial, payment=payment)


def _form(
    request: UserRequest, payment: MoneyEntry, form: RefundForm, *, status: int = 200
) -> HttpResponse:
    invoice = MoneyEntry.objects.for_tenant(payment.tenant).filter(stripe_id=payment.invoice_id)
    context = {
        "tenant": payment.tenant,
        "payment": payment,
        "invoice": invoice.first(),
        "form": form,
        "paid": money_in_words(payment.amount, payment.currency),
        "rest": money_in_words(payment.rest, payment.currency),
        "currency": payment.currency.upper(),
    }
    answer = page(request, "staff/refund.html", context)
    answer.status_code = status
    return answer


@require_safe
@never_cache
@staff_only
def disputes(request: UserRequest) -> HttpResponse:
    """Disputes or refunds of all workspaces, the newest first; of disputes also those that wait."""
    which = request.GET.get("show", "")
    kind = MoneyEntry.Kind.REFUND if which == "refunds" else MoneyEntry.Kind.DISPUTE
    rows = MoneyEntry.objects.filter(kind=kind).select_related("tenant").order_by("-at", "-pk")
    if which == "waiting":
        rows = rows.filter(status__in=entries.UNDECIDED)
    shown = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    asked = StaffRefund.objects.filter(pk__in={row.asked_by for row in shown if row.asked_by})
    wishes = {row.pk: row for row in asked.select_related("by")}
    here = reverse("staff_disputes")
    choices = (("Disputes", ""), ("Disputes that wait", "waiting"), ("Refunds", "refunds"))
    context = {
        "tabs": tabs("staff_disputes"),
        "choices": [
            {"label": label, "url": f"{here}?show={key}" if key else here, "current": key == which}
            for label, key in choices
        ],
        "are_refunds": kind == MoneyEntry.Kind.REFUND,
        "page_obj": shown,
        "query": f"show={which}" if which in ("waiting", "refunds") else "",
        "lines": [_line(row, wishes.get(row.asked_by) if row.asked_by else None) for row in shown],
    }
    return page(request, "staff/disputes.html", context, at="staff_revenue")


def _line(row: MoneyEntry, wish: StaffRefund | None) -> dict[str, object]:
    state, kind = history.STATES.get(row.status, (row.status, ""))
    return {
        "row": row,
        "amount": money_in_words(row.amount, row.currency),
        "state": state,
        "kind": kind,
        "reason": wish.reason if wish else row.reason.replace("_", " ").capitalize(),
        "by": (wish.by.email if wish.by else "somebody who left") if wish else "",
    }
