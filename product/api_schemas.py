"""What the API takes and gives. Times are UTC, sizes are bytes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from ninja import Field, Schema
from pydantic import AfterValidator, ConfigDict, model_validator

from product.listing import short_url
from product.models import File, Link
from tenants.api import Body
from tenants.models import Tenant


def _plain(text: str) -> str:
    if any(ord(character) < 32 for character in text):
        raise ValueError("Use no control characters.")
    return text


Title = Annotated[
    str, Field(max_length=120, description="For your own list."), AfterValidator(_plain)
]
Target = Annotated[
    str, Field(max_length=2048, description="http or https.", examples=["https://example.com/sale"])
]


class LinkIn(Body):
    """A link to make: either `target_url` or `file_id`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"target_url": "https://example.com/sale", "code": "summer-sale", "title": "Poster"}
            ]
        },
    )

    target_url: Target | None = None
    file_id: Annotated[UUID | None, Field(description="A stored file, instead of an address.")] = (
        None
    )
    code: Annotated[
        str, Field(max_length=40, description="Empty: a random one.", examples=["summer-sale"])
    ] = ""
    title: Title = ""

    @model_validator(mode="after")
    def _leads_to_one_place(self) -> Self:
        if bool(self.target_url) == bool(self.file_id):
            raise ValueError("Give either target_url or file_id.")
        return self


class LinkChange(Body):
    """What to change; leave out what shall stay."""

    target_url: Target | None = None
    title: Title | None = None


class LinkOut(Schema):
    """A short link. `clicks` is null while click numbers cannot be read."""

    id: UUID
    code: Annotated[str, Field(examples=["summer-sale"])]
    short_url: Annotated[str, Field(examples=["https://acme.example.com/summer-sale"])]
    target_url: Annotated[str | None, Field(examples=["https://example.com/sale"])]
    file_id: UUID | None
    title: str
    clicks: Annotated[int | None, Field(examples=[42])]
    is_sample: bool
    created_at: datetime

    @classmethod
    def of(cls, tenant: Tenant, link: Link, clicks: int | None) -> Self:
        """The link as the API shows it."""
        return cls(
            id=link.id,
            code=link.code,
            short_url=short_url(tenant, link),
            target_url=link.target_url or None,
            file_id=link.file_id,
            title=link.title,
            clicks=clicks,
            is_sample=link.is_sample,
            created_at=link.created_at,
        )


class LinkPage(Schema):
    """Some links, newest first."""

    items: list[LinkOut]
    next_cursor: UUID | None


class FileOut(Schema):
    """A stored file."""

    id: UUID
    name: Annotated[str, Field(examples=["price-list.pdf"])]
    size: Annotated[int, Field(description="Bytes.", examples=[48_213])]
    content_type: Annotated[str, Field(examples=["application/pdf"])]
    sha256: str
    is_sample: bool
    created_at: datetime

    @classmethod
    def of(cls, file: File) -> Self:
        """The file as the API shows it."""
        return cls(
            id=file.id,
            name=file.name,
            size=file.size,
            content_type=file.content_type,
            sha256=file.sha256,
            is_sample=file.is_sample,
            created_at=file.created_at,
        )


class FilePage(Schema):
    """Some files, newest first."""

    items: list[FileOut]
    next_cursor: UUID | None
