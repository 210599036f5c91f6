"""Whether a text from outside names a workspace that is not the caller's."""

from __future__ import annotations

import re
from collections.abc import Collection
from uuid import UUID

from django.db.models import Q

from tenants.models import Tenant

_UUID = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.ASCII | re.I)
_SCHEMA = re.compile(r"w_\w{1,60}", re.ASCII)


def named_in(texts: Collection[str], *, besides: Tenant) -> set[str]:
    """Those of `texts` that are the id or the schema name of another workspace than `besides`.

    One query, and none when nothing looks like either. A slug is a word like any other, and may
    well be what the caller calls a customer of theirs.
    """
    ids = {text: UUID(text) for text in texts if _UUID.fullmatch(text)}
    schemas = {text for text in texts if _SCHEMA.fullmatch(text)}
    if not ids and not schemas:
        return set()
    rows = Tenant.objects.filter(Q(pk__in=set(ids.values())) | Q(schema_name__in=schemas))
    found = set(rows.exclude(pk=besides.pk).values_list("pk", "schema_name"))
    found_ids, found_schemas = {pk for pk, _ in found}, {schema for _, schema in found}
    return {text for text, pk in ids.items() if pk in found_ids} | (schemas & found_schemas)
