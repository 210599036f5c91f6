"""The files host: an upload is served from here, by a signed address that soon expires.

This host never sees a session, and what it serves can run nothing: an HTML file that somebody
uploaded is only ever saved.
"""

from __future__ import annotations

from uuid import UUID

import structlog
from django.conf import settings
from django.core import signing
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from django_tenants.utils import schema_context

from product.files import storage
from product.models import File
from tenants.models import Status, Tenant

log = structlog.get_logger()
_SALT = "product.download"
_HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-store",
}


def signed_address(tenant: Tenant, file_id: UUID) -> str:
    """The absolute address of a file of this workspace, good for settings.DOWNLOAD_LINK_SECONDS."""
    token = signing.dumps([tenant.schema_name, file_id.hex], salt=_SALT)
    return f"{settings.FILES_URL}/{token}"


@require_safe
def download(request: HttpRequest, token: str) -> HttpResponse | FileResponse:
    """Stream the file that the token names: 410 for an expired token, 404 for a wrong one."""
    try:
        schema_name, file_id = signing.loads(
            token, salt=_SALT, max_age=settings.DOWNLOAD_LINK_SECONDS
        )
    except signing.SignatureExpired:
        return _no_file(request, status=410)
    except signing.BadSignature:
        return _no_file(request, status=404)
    if not Tenant.objects.filter(schema_name=schema_name, status=Status.ACTIVE).exists():
        return _no_file(request, status=404)
    with schema_context(schema_name):
        file = File.objects.filter(pk=UUID(file_id)).first()
        if file is None:
            return _no_file(request, status=404)
        try:
            content = storage().open(file.storage_key)
        except FileNotFoundError:
            log.error("download.bytes_missing", schema=schema_name, file=file_id)
            return _no_file(request, status=404)
    return FileResponse(
        content,
        as_attachment=True,
        filename=file.name,
        content_type=file.content_type,
        headers=_HEADERS,
    )


def _no_file(request: HttpRequest, *, status: int) -> HttpResponse:
    expired = status == 410
    return render(request, "product/no_file.html", {"expired": expired}, status=status)
