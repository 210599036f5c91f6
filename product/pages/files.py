"""Pages of files: list and upload, share, download, delete."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from metering.pages import gauges
from metering.quotas import QuotaExceeded
from product import files as flows
from product import links, uploads
from product.downloads import signed_address
from product.forms import UploadForm
from product.limits import limit_reached
from product.listing import short_url
from product.models import File, Link
from product.pages import live_part
from product.pages.member import person_id
from tenants.requests import WorkspaceRequest

PAGE_SIZE = 20


@csrf_exempt  # only until the upload is bounded: reading the token reads the whole body
@require_http_methods(["GET", "HEAD", "POST"])
def files(request: WorkspaceRequest) -> HttpResponse:
    """The list; a POST is an upload."""
    if request.method == "POST":
        uploads.bound(request)
    return _files(request)


@csrf_protect
def _files(request: WorkspaceRequest) -> HttpResponse:
    if request.method == "POST":
        return _upload(request)
    return _page(request, UploadForm(max_bytes=settings.UPLOAD_MAX_BYTES))


def _upload(request: WorkspaceRequest) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES, max_bytes=settings.UPLOAD_MAX_BYTES)
    if not form.is_valid():
        return _page(request, form, status=422)
    upload = form.cleaned_data["file"]
    try:
        file = flows.store_file(request.tenant, upload, person_id=person_id(request))
    except flows.EmptyFile as refused:
        form.add_error("file", str(refused))
        return _page(request, form, status=422)
    except flows.FileTooLarge as refused:
        form.add_error("file", str(refused))
        return _page(request, form, status=413)
    except QuotaExceeded as refused:
        return _page(request, form, status=402, limit=limit_reached(refused.decision))
    messages.success(request, f"“{file.name}” is stored. Share it to give it a short link.")
    return redirect("product:files")


@require_POST
def share_file(request: WorkspaceRequest, file_id: UUID) -> HttpResponse:
    """Make a short link that leads to the file."""
    file = get_object_or_404(File, pk=file_id)
    wanted = links.NewLink(file=file)
    try:
        link, _ = links.create_link(request.tenant, wanted, person_id=person_id(request))
    except links.FileGone:
        raise Http404 from None
    except QuotaExceeded as refused:
        form = UploadForm(max_bytes=settings.UPLOAD_MAX_BYTES)
        return _page(request, form, status=402, limit=limit_reached(refused.decision))
    messages.success(
        request, f"“{file.name}” has a short link now. Whoever has it can download the file."
    )
    return redirect("product:link", link_id=link.id)


@require_safe
def download_file(request: WorkspaceRequest, file_id: UUID) -> HttpResponse:
    """A member's own way to the file, which is no click."""
    file = get_object_or_404(File, pk=file_id)
    response = HttpResponseRedirect(signed_address(request.tenant, file.id))
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
def delete_file(request: WorkspaceRequest, file_id: UUID) -> HttpResponse:
    """Delete the file and its links for good; the page asked before."""
    file = get_object_or_404(File, pk=file_id)
    flows.delete_file(request.tenant, file, person_id=person_id(request))
    messages.success(request, f"“{file.name}” and its links are deleted.")
    return redirect("product:files")


@require_safe
@never_cache
def files_storage(request: WorkspaceRequest) -> HttpResponse:
    """The part of the list that says how much is stored."""
    return live_part.answer(request, "product/files_storage.html", _storage(request))


def _storage(request: WorkspaceRequest) -> dict[str, Any]:
    gauge = next(iter(gauges(request.tenant, only={flows.METER})), None)
    return {"storage": gauge, "version": live_part.version(gauge)}


def _page(
    request: WorkspaceRequest, form: UploadForm, *, status: int = 200, **more: Any
) -> HttpResponse:
    all_files = File.objects.prefetch_related(Prefetch("links", Link.objects.order_by("id")))
    page = Paginator(all_files, PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [
        {
            "file": file,
            "links": [(link, short_url(request.tenant, link)) for link in file.links.all()],
        }
        for file in page.object_list
    ]
    context = {"form": form, "page_obj": page, "rows": rows, **_storage(request), **more}
    return render(request, "product/files.html", context, status=status)
