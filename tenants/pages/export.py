"""The workspace's data as an archive: asked for, watched while it is made, downloaded, removed."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from events import shedding
from identity.security import needs_recent_sign_in
from tenants import audit, row_bounds
from tenants.archive import enqueueing, exports, progress, tasks
from tenants.audit import telling
from tenants.hosts.access import requires
from tenants.models import Export
from tenants.permissions import May
from tenants.requests import WorkspaceRequest

_SHOWN = 10


class ExportForm(forms.Form):
    with_events = forms.BooleanField(
        label="With the events",
        required=False,
        help_text="Every single click and action. The archive may get large.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(May.TAKE_DATA)
@shedding.gives_way(
    "exports",
    words="Archives are not made at this moment, because very many people are here.",
    methods=("POST",),
)
@needs_recent_sign_in
@never_cache
def export(request: WorkspaceRequest) -> HttpResponse:
    """The archives; a POST has one made."""
    form = ExportForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            wanted = exports.ask(
                request.tenant,
                by=request.user,
                with_events=form.cleaned_data["with_events"],
                request=request,
            )
        except row_bounds.TooManyRows as refused:
            messages.error(request, str(refused))
            return redirect("tenants:export")
        enqueueing.once_committed(tasks.make_export, wanted.pk)
        telling.export_asked(request.tenant, by=request.user)
        return redirect("tenants:export")
    return render(request, "tenants/settings/export.html", {"form": form, **_lists(request)})


@require_safe
@requires(May.TAKE_DATA)
@never_cache
def export_live(request: WorkspaceRequest) -> HttpResponse:
    """The part of the page that changes."""
    return render(request, "tenants/settings/export_list.html", _lists(request))


def _lists(request: WorkspaceRequest) -> dict[str, object]:
    rows = list(_of(request).order_by("-asked_at").select_related("asked_by")[:_SHOWN])
    waiting = next((row for row in rows if row.state == Export.State.WAITING), None)
    return {
        "waiting": waiting,
        "standing": progress.of(waiting.pk) if waiting else None,
        "exports": [row for row in rows if row is not waiting],
        "now": timezone.now(),
    }


@require_safe
@requires(May.TAKE_DATA)
@needs_recent_sign_in
@never_cache
def download_export(request: WorkspaceRequest, export_id: UUID) -> HttpResponse | FileResponse:
    """The archive, while it is kept. Who took it is in the audit log."""
    made = get_object_or_404(_of(request), pk=export_id)
    if not made.is_open():
        return render(request, "tenants/settings/export_gone.html", status=410)
    try:
        content = exports.storage().open(made.stored_as)
    except FileNotFoundError:
        return render(request, "tenants/settings/export_gone.html", status=410)
    audit.note(
        request.tenant,
        "export.downloaded",
        by=request.user,
        details={"sha256": made.sha256},
        request=request,
    )
    name = f"{request.tenant.slug}-{made.asked_at:%Y-%m-%d}.zip"
    return FileResponse(content, as_attachment=True, filename=name, content_type="application/zip")


@require_POST
@requires(May.TAKE_DATA)
@needs_recent_sign_in
def remove_export(request: WorkspaceRequest, export_id: UUID) -> HttpResponse:
    """Remove an archive before its time."""
    made = get_object_or_404(_of(request).select_related("tenant"), pk=export_id)
    exports.withdraw(made, by=request.user, request=request)
    messages.success(request, "The archive is removed.")
    return redirect("tenants:export")


def _of(request: WorkspaceRequest) -> QuerySet[Export]:
    found: QuerySet[Export] = Export.objects.for_tenant(request.tenant)
    return found
