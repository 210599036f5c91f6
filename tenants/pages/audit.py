"""Audit log: for owners, by page and as a file."""

from __future__ import annotations

from datetime import date

from django import forms
from django.core.paginator import Paginator
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from tenants.audit import audit_log
from tenants.audit.audit_log import Wanted
from tenants.hosts.access import requires
from tenants.models import Tenant
from tenants.permissions import May
from tenants.requests import WorkspaceRequest

A_PAGE = 50
# Beyond these, arithmetic with time zones has no answer.
_DAYS = [MinValueValidator(date(1970, 1, 1)), MaxValueValidator(date(2199, 12, 31))]
_DAY = forms.DateInput({"type": "date"})


class FilterForm(forms.Form):
    """What is in the address; what makes no sense filters nothing."""

    kind = forms.ChoiceField(label="What", required=False)
    who = forms.ChoiceField(label="Who", required=False)
    first = forms.DateField(label="From", required=False, widget=_DAY, validators=_DAYS)
    last = forms.DateField(label="Until", required=False, widget=_DAY, validators=_DAYS)

    def __init__(self, *args: object, tenant: Tenant) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        everything = {"kind": audit_log.kinds(tenant), "who": audit_log.people(tenant)}
        for name, values in everything.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101
            label = audit_log.in_words if name == "kind" else str
            field.choices = [("", "Everything" if name == "kind" else "Everybody")] + [
                (value, label(value)) for value in values
            ]

    def wanted(self) -> Wanted:
        self.is_valid()
        return Wanted(**{key: value for key, value in self.cleaned_data.items() if value})


@require_safe
@requires(May.READ_AUDIT)
@never_cache
def audit(request: WorkspaceRequest) -> HttpResponse:
    """The newest entries first."""
    form = FilterForm(request.GET, tenant=request.tenant)
    rows = audit_log.entries(request.tenant, form.wanted())
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    asked = request.GET.copy()
    asked.pop("page", None)
    context = {
        "form": form,
        "page_obj": page,
        "lines": [audit_log.line(entry, request.tenant) for entry in page],
        "query": asked.urlencode(),
    }
    return render(request, "tenants/settings/audit.html", context)


@require_safe
@requires(May.READ_AUDIT)
@never_cache
def audit_csv(request: WorkspaceRequest) -> StreamingHttpResponse:
    """The same entries as a file."""
    wanted = FilterForm(request.GET, tenant=request.tenant).wanted()
    name = f"{request.tenant.slug}-audit-log.csv"
    return StreamingHttpResponse(
        audit_log.csv_rows(request.tenant, wanted),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
