"""The chain of a workspace's statements: each hash covers its statement and the hash before it.

Whoever changes, inserts or removes a statement past the database's trigger is found out.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Context, Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from metering.models import Adjustment, Ledger, Statement
from tenants.models import Tenant

_EXACT = Context(prec=200)
_ROWS = 500  # at a time
_SEALED = (
    "pk", "tenant_id", "number", "meter", "period_start", "period_end", "cutoff", "value", "count",
    "included", "price_amount", "price_per", "price_tiers", "currency", "month_start", "month_end",
    "is_level", "previous", "hash",
)  # fmt: skip
_as_json = json.JSONEncoder(sort_keys=True).encode


def seal(statement: Statement, adjustments: Sequence[Adjustment], *, ledger: Ledger) -> None:
    """Add a statement and the adjustments billed in it to the end of the chain.

    The ledger's row is locked by the caller, who saves it.
    """
    ledger.statements += 1
    statement.number = ledger.statements
    statement.previous = ledger.hash
    statement.hash = digest(statement, adjustments)
    ledger.hash = statement.hash
    statement.save(force_insert=True)
    for adjustment in adjustments:
        adjustment.in_statement = statement
        adjustment.save(force_insert=True)


def digest(statement: Statement, adjustments: Sequence[Adjustment]) -> str:
    """SHA-256 over the statement's fields as JSON with sorted keys, in hexadecimal digits.

    Times are ISO 8601 in UTC, numbers decimals without trailing zeros; `adjustments` holds
    [number of the adjusted statement, value, count] of each, in that order.
    """
    said: dict[str, Any] = {
        "tenant": str(statement.tenant_id),
        "number": statement.number,
        "meter": statement.meter,
        "period_start": _instant(statement.period_start),
        "period_end": _instant(statement.period_end),
        "cutoff": _instant(statement.cutoff),
        "value": _number(statement.value),
        "count": statement.count,
        "included": statement.included,
        "price_amount": statement.price_amount,
        "price_per": statement.price_per,
        "currency": statement.currency,
        "previous": statement.previous,
        "adjustments": sorted(
            [each.statement.number, _number(each.value), each.count] for each in adjustments
        ),
    }
    if (
        statement.price_tiers is not None
    ):  # without, the digest is what it was before there were any
        said["price_tiers"] = statement.price_tiers
    if statement.month_start is not None and statement.month_end is not None:
        said["month"] = [_instant(statement.month_start), _instant(statement.month_end)]
        said["is_level"] = statement.is_level
    return hashlib.sha256(_as_json(said).encode()).hexdigest()


def is_as_sealed(statement: Statement) -> bool:
    """Whether the statement and its place in the chain are what was sealed."""
    previous = Statement.objects.filter(tenant=statement.tenant_id, number=statement.number - 1)
    before = previous.values_list("hash", flat=True).first() or ""
    adjustments = list(statement.adjusts.select_related("statement"))
    return (statement.previous, statement.hash) == (before, digest(statement, adjustments))


def broken(tenant: Tenant) -> Iterator[str]:
    """What is wrong with a workspace's chain, in words; nothing when it is whole."""
    ledger = Ledger.objects.for_tenant(tenant).first()
    statements = Statement.objects.for_tenant(tenant).order_by("number")
    number, previous = 0, ""
    for statement in statements.prefetch_related("adjusts__statement").iterator(chunk_size=500):
        number += 1
        if statement.number != number:
            yield f"statement {number} is missing"
            number = statement.number
        if statement.previous != previous:
            yield f"statement {number} does not follow the one before it"
        if statement.hash != digest(statement, list(statement.adjusts.all())):
            yield f"statement {number} is not what was sealed"
        previous = statement.hash
    sealed, head = (0, "") if ledger is None else (ledger.statements, ledger.hash)
    if (number, previous) != (sealed, head):
        yield f"the ledger counts {sealed} statements, the chain ends with {number}"


def not_whole(tenants: Collection[UUID]) -> Collection[UUID]:
    """Of many workspaces those of which `broken` has something to say; asked about all of them together."""
    if not tenants:
        return set()
    heads = dict.fromkeys(tenants, (0, ""))
    found: set[UUID] = set()
    rows = Statement.objects.filter(tenant__in=tenants).order_by("tenant", "number")
    # Their part of the index, in whose order they are read.
    rows = rows.filter(tenant__gte=min(tenants), tenant__lte=max(tenants))
    statements = rows.values_list(*_SEALED, named=True).iterator(chunk_size=_ROWS)
    while some := list(islice(statements, _ROWS)):
        adjustments = _adjustments([row.pk for row in some])
        for row in some:
            number, previous = heads[row.tenant_id]
            sealed = digest(row, adjustments.get(row.pk, ()))
            if (row.number, row.previous, row.hash) != (number + 1, previous, sealed):
                found.add(row.tenant_id)
            heads[row.tenant_id] = row.number, row.hash
    ledgers = Ledger.objects.filter(tenant__in=tenants)
    known = {
        pk: (number, head) for pk, number, head in ledgers.values_list("pk", "statements", "hash")
    }
    return found | {pk for pk, head in heads.items() if head != known.get(pk, (0, ""))}


def _adjustments(statements: Collection[int]) -> Mapping[int, Sequence[Adjustment]]:
    """Those billed in each of these statements."""
    found: defaultdict[int, list[Adjustment]] = defaultdict(list)
    for each in Adjustment.objects.filter(in_statement__in=statements).select_related("statement"):
        found[each.in_statement_id].append(each)
    return found


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _number(value: Decimal) -> str:
    return format(value.normalize(_EXACT), "f") if value else "0"
