"""Stripe's cursor pagination: newest first, `limit`, `starting_after`, `ending_before`."""

from typing import Any

from stripe_simulator.errors import invalid, no_such
from stripe_simulator.presentation import present
from stripe_simulator.registry import Call
from stripe_simulator.shapes import Json, list_object

_RANGE = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
PAGING = "limit starting_after ending_before created"


def page(
    call: Call, kind: str, where: dict[str, Any] | None = None, *, newest_first: bool = True
) -> Json:
    """One page of a kind of object. `where` is State.select's; None values are left out."""
    limit = call.params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise invalid("Limit must be between 1 and 100", "limit")
    backwards = "ending_before" in call.params
    condition, values = _condition(call, kind, backwards == newest_first)
    found = call.state.select(
        kind,
        {path: wanted for path, wanted in (where or {}).items() if wanted is not None},
        condition=condition,
        values=values,
        newest_first=newest_first != backwards,
        limit=limit + 1,
    )
    shown = found[:limit]
    if backwards:
        shown.reverse()
    data = [present(call.state, stored) for stored in shown]
    return list_object(data, url=call.url, has_more=len(found) > limit)


def _condition(call: Call, kind: str, later: bool) -> tuple[str, tuple[Any, ...]]:
    clauses = ["json_extract(data, '$.deleted') IS NULL"]
    values: list[Any] = []
    created = call.params.get("created")
    if isinstance(created, int):
        created = {"gte": created, "lte": created}
    for bound, instant in (created or {}).items():
        clauses.append(f"json_extract(data, '$.created') {_RANGE[bound]} ?")
        values.append(instant)
    for cursor in ("starting_after", "ending_before"):
        if cursor in call.params:
            position = call.state.position(kind, call.params[cursor])
            if position is None:
                raise no_such(kind, call.params[cursor], param=cursor, status=400)
            clauses.append("seq > ?" if later else "seq < ?")
            values.append(position)
    return " AND ".join(clauses), tuple(values)
