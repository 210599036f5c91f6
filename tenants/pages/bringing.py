"""Pages of the site: bring an archive, watch how it becomes a workspace, or read why it does not."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import filesizeformat
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from identity.requests import UserRequest
from tenants import workspace_url
from tenants.archive import enqueueing, imports, progress, tasks, uploads
from tenants.members import room
from tenants.models import Import


class ImportForm(forms.Form):
    file = forms.FileField(label="Archive", help_text="The ZIP file that an export has made.")
    name = forms.CharField(
        label="Name of the new workspace",
        max_length=80,
        required=False,
        help_text="Leave it empty to keep the name that it had.",
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > settings.IMPORT_MAX_BYTES:
            most = filesizeformat(settings.IMPORT_MAX_BYTES)
            raise ValidationError(f"An archive may have up to {most}.")
        return file


@csrf_exempt  # only until the upload is bounded: reading the token reads the whole body
@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def bring(request: UserRequest) -> HttpResponse:
    """The form; a POST brings an archive."""
    if request.method == "POST":
        why_not, status = _why_not(request)  # said before two gigabytes are read
        if why_not:
            shown = {"form": ImportForm(), "why_not": why_not}
            return render(request, "tenants/import.html", shown, status=status)
        uploads.bound(request)
    return _bring(request)


def _why_not(request: UserRequest) -> tuple[str, int]:
    """Why this person may bring nothing now, in words, and the status of the answer; "" where they may."""
    if not request.user.has_verified_email:
        return "Please verify your address first.", 403
    if imports.too_many_wait(request.user):
        return "You have archives that are still being checked.", 403
    try:
        with transaction.atomic():
            room.require(request.user)
    except room.TooManyWorkspaces as refused:
        return str(refused), 402
    return "", 200


@csrf_protect
def _bring(request: UserRequest) -> HttpResponse:
    form = ImportForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                wanted = imports.bring(
                    form.cleaned_data["file"], owner=request.user, name=form.cleaned_data["name"]
                )
            except imports.TooManyWaiting:
                form.add_error(None, "You have archives that are still being checked.")
            except room.TooManyWorkspaces as refused:
                form.add_error(None, str(refused))
                status = 402
            else:
                enqueueing.once_committed(tasks.run_import, wanted.pk)
                return redirect("tenants_site:brought", import_id=wanted.pk)
    return render(request, "tenants/import.html", {"form": form}, status=status)


@never_cache
@login_required
@require_safe
def brought(request: UserRequest, import_id: UUID) -> HttpResponse:
    """How far it is; the page asks again until it is done. Nobody else's is shown."""
    wanted = get_object_or_404(
        Import.objects.select_related("tenant"), pk=import_id, owner=request.user
    )
    context = {
        "import": wanted,
        "standing": progress.of(wanted.pk),
        "url": workspace_url(wanted.tenant) if wanted.tenant else "",
        "rows": sum(wanted.report.get("rows", {}).values()),
    }
    return render(request, "tenants/brought.html", context)
