"""For whom the invoices are, and who gets the mails about them."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from billing.models import Account, BillingContact
from billing.pages.account_of import account_of
from billing.pages.details_forms import ContactForm, DetailsForm, TaxIdForm
from billing.pages.refusals import AddressNotVerified, in_words
from billing.paying import contacts, tax_ids
from billing.paying import details as billing_details
from identity.security import needs_recent_sign_in_to_send
from tenants.hosts import requires
from tenants.permissions import May
from tenants.requests import WorkspaceRequest


@require_http_methods(["GET", "HEAD", "POST"])
@requires(May.PAY)
@needs_recent_sign_in_to_send
@in_words
def details(request: WorkspaceRequest) -> HttpResponse:
    """GET shows name, address, tax ID and contacts; POST gives name and address to Stripe."""
    account = account_of(request)
    if request.method != "POST":
        return _page(request, account)
    form = DetailsForm(request.POST)
    if not form.is_valid():
        return _page(request, account, details_form=form)
    _require_verified(request)
    billing_details.save(account, form.details, by=request.user)
    messages.success(request, "It stands on your invoices from now on.")
    return redirect("billing:details")


@require_POST
@requires(May.PAY)
@needs_recent_sign_in_to_send
@in_words
def give_tax_id(request: WorkspaceRequest) -> HttpResponse:
    """Put a tax ID on the invoices, in place of another."""
    account = account_of(request)
    form = TaxIdForm(request.POST)
    if not form.is_valid():
        return _page(request, account, tax_id_form=form)
    _require_verified(request)
    try:
        given = tax_ids.give(
            account,
            kind=form.cleaned_data["kind"],
            value=form.cleaned_data["value"],
            by=request.user,
        )
    except tax_ids.NotATaxId as error:
        form.add_error("value", str(error))
        return _page(request, account, tax_id_form=form)
    messages.success(request, f"{given.kind} {given.value}: {given.state.lower()}.")
    return redirect("billing:details")


@require_POST
@requires(May.PAY)
@needs_recent_sign_in_to_send
@in_words
def remove_tax_id(request: WorkspaceRequest, tax_id: str) -> HttpResponse:
    """Take a tax ID off the invoices."""
    try:
        tax_ids.remove(account_of(request), tax_id, by=request.user)
    except tax_ids.NotThere:
        raise Http404 from None
    messages.success(request, "The tax ID was removed.")
    return redirect("billing:details")


@require_POST
@requires(May.PAY)
@needs_recent_sign_in_to_send
@in_words
def add_contact(request: WorkspaceRequest) -> HttpResponse:
    """Ask an address whether it wants the mails about money."""
    _require_verified(request)
    form = ContactForm(request.POST)
    if form.is_valid():
        try:
            added = contacts.add(request.tenant, email=form.cleaned_data["email"], by=request.user)
        except contacts.NotAdded as error:
            form.add_error("email", str(error))
    if not form.is_valid():
        return _page(request, account_of(request), contact_form=form)
    added.refresh_from_db()
    asked = f"We have asked {added.email} whether it wants these mails."
    messages.success(request, f"{added.email} gets them." if added.confirmed_at else asked)
    return redirect("billing:details")


@require_POST
@requires(May.PAY)
@needs_recent_sign_in_to_send
def remove_contact(request: WorkspaceRequest, contact_id: int) -> HttpResponse:
    """No more mails to this address."""
    rows = BillingContact.objects.for_tenant(request.tenant)
    contact = get_object_or_404(rows, pk=contact_id)
    contacts.remove(contact, by=request.user)
    messages.success(request, f"{contact.email} gets no more of these mails.")
    return redirect("billing:details")


def _require_verified(request: WorkspaceRequest) -> None:
    if not request.user.has_verified_email:
        raise AddressNotVerified


def _page(
    request: WorkspaceRequest,
    account: Account,
    *,
    details_form: DetailsForm | None = None,
    tax_id_form: TaxIdForm | None = None,
    contact_form: ContactForm | None = None,
) -> HttpResponse:
    refused = any((details_form, tax_id_form, contact_form))
    context = {
        "details_form": details_form or DetailsForm.showing(billing_details.of(account)),
        "tax_id_form": tax_id_form or TaxIdForm(),
        "contact_form": contact_form or ContactForm(),
        "tax_ids": tax_ids.of(account),
        "contacts": contacts.of(request.tenant),
        "most_contacts": BillingContact.MOST,
    }
    return render(request, "billing/paying/details.html", context, status=422 if refused else 200)
