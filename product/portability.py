"""What exports and imports must know of Signpost's tables. See tenants/archive/declared.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Sum

import events
from product import event_types
from product.codes import validate_code
from product.files import clean_content_type, clean_name
from product.models import File, Link
from product.targets import validate_target
from tenants.models import Tenant

FILES = {"product_file": ["storage_key"]}
PERSONS = {"product_file": ["created_by"], "product_link": ["created_by"]}
# The Idempotency-Key of an API caller is theirs; its hash tells who has it.
EMPTIED: dict[str, dict[str, Any]] = {"product_link": {"request_key": None, "request_digest": ""}}

SIZES = {"product_file": {"size": "storage_key"}}
CHECKSUMS = {"product_file": {"sha256": "storage_key"}}
SAMPLES = {"product_file": "is_sample", "product_link": "is_sample"}
ONE_LINE = {"product_link": ["title"]}
METERED: dict[str, dict[str, str | int]] = {
    "product_link": {"links": 1},
    "product_file": {"storage": "size"},
}


def check(table: str, row: Mapping[str, Any]) -> None:
    """A row must be one that Signpost's own pages could have made. Raises ValidationError."""
    if table in _CHECKS:
        _CHECKS[table](row)


def imported(tenant: Tenant, *, person_id: UUID) -> None:
    """Meters of what exists now begin with what came; the plan was asked before (`METERED`)."""
    links = Link.objects.filter(is_sample=False).count()
    stored = File.objects.filter(is_sample=False).aggregate(total=Sum("size"))["total"] or 0
    for name, properties in (
        (event_types.LINK_COUNT_CHANGED.name, {"change": links, "link_id": None}),
        (event_types.STORAGE_CHANGED.name, {"bytes": stored, "file_id": None}),
    ):
        events.record_with_row(name, tenant=tenant, person=person_id, properties=properties)


def _check_link(row: Mapping[str, Any]) -> None:
    validate_code(row["code"])
    if row["target_url"]:
        validate_target(row["target_url"])


def _check_file(row: Mapping[str, Any]) -> None:
    if clean_name(row["name"]) != row["name"]:
        raise ValidationError("A file's name has characters that it must not have.")
    if clean_content_type(row["content_type"]) != row["content_type"]:
        raise ValidationError("A file's type is none.")


_CHECKS: dict[str, Callable[[Mapping[str, Any]], None]] = {
    "product_link": _check_link,
    "product_file": _check_file,
}
