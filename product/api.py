"""Signpost over HTTP, for programs. Keys, metering and the form of errors come from the workspace's API."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.core.exceptions import ValidationError as Refused
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import File as UploadPart
from ninja import Header, Query, Router, Status, UploadedFile
from ninja.decorators import decorate_view
from ninja.errors import HttpError, ValidationError

from identity.persons import person_of
from product import clicks, codes, files, links, targets, uploads
from product.api_schemas import FileOut, FilePage, LinkChange, LinkIn, LinkOut, LinkPage
from product.models import File, Link
from tenants.requests import KeyedRequest

router = Router()
Limit = Annotated[int, Query(ge=1, le=100, description="How many at most.")]
Cursor = Annotated[UUID | None, Query(description="`next_cursor` of the page before.")]
LINKS, FILES = ["Links"], ["Files"]
_NO_FILE = "This workspace has no such file."


@router.get(
    "/links", response=LinkPage, tags=LINKS, operation_id="list_links", summary="List links"
)
def list_links(request: KeyedRequest, limit: Limit = 20, cursor: Cursor = None) -> LinkPage:
    """Newest first, samples included. Follow `next_cursor` until it is null."""
    page, following = _page(Link.objects.all(), limit, cursor)
    counts = clicks.totals(request.tenant, [link.id for link in page])
    items = [LinkOut.of(request.tenant, link, (counts or {}).get(link.id)) for link in page]
    return LinkPage(items=items, next_cursor=following)


@router.post(
    "/links", response={201: LinkOut}, tags=LINKS, operation_id="create_link", summary="Make a link"
)
def create_link(
    request: KeyedRequest,
    response: HttpResponse,
    payload: LinkIn,
    idempotency_key: Annotated[
        str, Header(alias="Idempotency-Key", max_length=200, description="Any text of your own.")
    ] = "",
) -> Status[LinkOut]:
    """A short link to an address or to a file. Without `code` we make one up.

    The same `Idempotency-Key` finds the link that was made under it (`Idempotent-Replayed: true`).
    """
    wanted = links.NewLink(
        target_url=_checked(targets.validate_target, payload.target_url, "target_url"),
        file=_file(payload.file_id),
        title=payload.title,
        code=_checked(codes.validate_code, payload.code, "code"),
        request_key=idempotency_key,
    )
    try:
        link, is_new = links.create_link(request.tenant, wanted, person_id=_person_id(request))
    except links.CodeTaken:
        raise HttpError(409, f"The code “{wanted.code}” is in use by another link.") from None
    except links.FileGone:
        raise _invalid("file_id", _NO_FILE) from None
    except links.KeyReused:
        message = "This key was used before, for another request."
        raise _invalid("Idempotency-Key", message, source="header") from None
    if not is_new:
        response["Idempotent-Replayed"] = "true"
    return Status(201, LinkOut.of(request.tenant, link, _clicks(request, link)))


@router.get(
    "/links/{uuid:link_id}",
    response=LinkOut,
    tags=LINKS,
    operation_id="get_link",
    summary="Read a link",
)
def get_link(request: KeyedRequest, link_id: UUID) -> LinkOut:
    """One link with its clicks."""
    link = get_object_or_404(Link, pk=link_id)
    return LinkOut.of(request.tenant, link, _clicks(request, link))


@router.patch(
    "/links/{uuid:link_id}",
    response=LinkOut,
    tags=LINKS,
    operation_id="change_link",
    summary="Lead a link elsewhere",
)
def change_link(request: KeyedRequest, link_id: UUID, payload: LinkChange) -> LinkOut:
    """Another target or title. The code stays, so what was printed keeps working."""
    link = get_object_or_404(Link, pk=link_id)
    if payload.target_url is not None and link.file_id:
        raise _invalid("target_url", "This link leads to a file, and cannot lead to an address.")
    try:
        links.change_target(
            request.tenant,
            link,
            target_url=_checked(targets.validate_target, payload.target_url, "target_url")
            or link.target_url,
            title=link.title if payload.title is None else payload.title,
        )
    except links.LinkGone:
        raise Http404 from None
    return LinkOut.of(request.tenant, link, _clicks(request, link))


@router.delete(
    "/links/{uuid:link_id}",
    response={204: None},
    tags=LINKS,
    operation_id="delete_link",
    summary="Delete a link",
)
def delete_link(request: KeyedRequest, link_id: UUID) -> Status[None]:
    """For good. Its place is free again; its clicks stay counted."""
    link = get_object_or_404(Link, pk=link_id)
    links.delete_link(request.tenant, link, person_id=_person_id(request))
    return Status(204, None)


@router.get(
    "/files", response=FilePage, tags=FILES, operation_id="list_files", summary="List files"
)
def list_files(request: KeyedRequest, limit: Limit = 20, cursor: Cursor = None) -> FilePage:
    """Newest first, samples included. Follow `next_cursor` until it is null."""
    page, following = _page(File.objects.all(), limit, cursor)
    return FilePage(items=[FileOut.of(file) for file in page], next_cursor=following)


@router.post(
    "/files",
    response={201: FileOut},
    tags=FILES,
    operation_id="upload_file",
    summary="Upload a file",
)
@decorate_view(uploads.bounded)
def upload_file(
    request: KeyedRequest, file: Annotated[UploadedFile, UploadPart(description="The file.")]
) -> Status[FileOut]:
    """multipart/form-data with one part named `file`. Share it by making a link with its `id`."""
    try:
        stored = files.store_file(request.tenant, file, person_id=_person_id(request))
    except files.EmptyFile as refused:
        raise _invalid("file", str(refused)) from None
    except files.FileTooLarge as refused:
        raise HttpError(413, str(refused)) from None
    return Status(201, FileOut.of(stored))


@router.delete(
    "/files/{uuid:file_id}",
    response={204: None},
    tags=FILES,
    operation_id="delete_file",
    summary="Delete a file",
)
def delete_file(request: KeyedRequest, file_id: UUID) -> Status[None]:
    """For good, with the links that lead to it."""
    file = get_object_or_404(File, pk=file_id)
    files.delete_file(request.tenant, file, person_id=_person_id(request))
    return Status(204, None)


def _page(rows: Any, limit: int, cursor: UUID | None) -> tuple[list[Any], UUID | None]:
    """Ids are UUIDv7, so their order is that of creation, and a cursor is just the last id."""
    if cursor is not None:
        rows = rows.filter(pk__lt=cursor)
    found = list(rows.order_by("-pk")[: limit + 1])
    following = found[limit - 1].pk if len(found) > limit else None
    return found[:limit], following


def _clicks(request: KeyedRequest, link: Link) -> int | None:
    counts = clicks.totals(request.tenant, [link.id])
    return None if counts is None else counts[link.id]


def _file(file_id: UUID | None) -> File | None:
    if file_id is None:
        return None
    file = File.objects.filter(pk=file_id).first()
    if file is None:
        raise _invalid("file_id", _NO_FILE)
    return file


def _person_id(request: KeyedRequest) -> UUID | None:
    """The person who holds the key: what it does is done in their name."""
    user = request.api_key.acts_for
    return person_of(user).id if user else None


def _checked(validate: Any, value: str | None, field: str) -> str:
    if not value:
        return ""
    try:
        return validate(value) or value  # an address comes back as it is kept
    except Refused as refused:
        raise _invalid(field, " ".join(refused.messages)) from None


def _invalid(field: str, message: str, *, source: str = "body") -> ValidationError:
    return ValidationError([{"loc": (source, field), "msg": message}])
