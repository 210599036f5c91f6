"""Stripe's search query language, for the fields that its "Search" page names for each resource.

`status:'active' AND metadata['plan']:'pro'`, `created>1700000000`, `-currency:'usd'`, `name~'ada'`,
`email:null`; clauses are joined by AND or by OR, never by both. Numbers of a page are its cursor.
"""

import re
from dataclasses import dataclass
from typing import Any

from stripe_simulator.errors import StripeError, invalid
from stripe_simulator.presentation import present
from stripe_simulator.registry import Call
from stripe_simulator.shapes import Json
from stripe_simulator.sources import assumed, documented

_FIELDS = {
    "charge": "amount billing_details.address.postal_code created currency customer disputed "
    "metadata refunded status",
    "customer": "created email metadata name phone",
    "invoice": "created currency customer metadata number subscription total",
    "payment_intent": "amount created currency customer metadata status",
    "price": "active currency lookup_key metadata product type",
    "product": "active description metadata name shippable url",
    "subscription": "created metadata status",
}
_SUBSTRING = {"description", "email", "name", "phone"}
_NUMERIC = {"amount", "created", "total"}
_PATHS = {"subscription": "parent.subscription_details.subscription"}
_CLAUSE = re.compile(
    r"""\s*(?P<negated>-)?(?P<field>[a-z_.]+)(?:\[(?P<q>["'])(?P<key>(?:(?!(?P=q)).)+)(?P=q)\])?
    \s*(?P<operator>:|~|>=|<=|>|<|=)\s*
    (?:(?P<quote>["'])(?P<text>(?:\\.|(?!(?P=quote)).)*)(?P=quote)|(?P<word>null|true|false|-?\d+))""",
    re.VERBOSE,
)
_JOIN = re.compile(r"\s+(AND|OR)\s+|\s+(?=[-a-z])", re.IGNORECASE)
_SQL = {":": "IS", "=": "IS", ">": ">", "<": "<", ">=": ">=", "<=": "<="}
_MOST_CLAUSES = 10


@dataclass(frozen=True)
class Clause:
    """`sql` with its `values`, over the stored object."""

    sql: str
    values: tuple[Any, ...]


@documented("search#search-query-language")
def where(kind: str, query: str) -> Clause:
    """The query as a condition. Raises StripeError naming what cannot be searched so."""
    clauses: list[Clause] = []
    joins: set[str] = set()
    position = 0
    while True:
        found = _CLAUSE.match(query, position)
        if found is None:
            raise _malformed(query)
        clauses.append(_clause(kind, found))
        position = found.end()
        if position >= len(query.rstrip()):
            break
        joined = _JOIN.match(query, position)
        if joined is None:
            raise _malformed(query)
        joins.add((joined[1] or "AND").upper())
        position = joined.end()
    if len(joins) > 1:
        raise invalid("A query joins by AND or by OR, not by both.", "query")
    if len(clauses) > _MOST_CLAUSES:
        raise invalid(f"A query has at most {_MOST_CLAUSES} clauses.", "query")
    sql = f" {joins.pop() if joins else 'AND'} ".join(one.sql for one in clauses)
    return Clause(f"({sql})", tuple(value for one in clauses for value in one.values))


def _clause(kind: str, found: re.Match[str]) -> Clause:
    field, operator = found["field"], found["operator"]
    if field not in _FIELDS[kind].split() or (field == "metadata") != (found["key"] is not None):
        raise invalid(f"The field `{field}` of a {kind} cannot be searched.", "query")
    if operator not in (":", "~") and field not in _NUMERIC:
        raise invalid(f"The field `{field}` takes no `{operator}`.", "query")
    if operator == "~" and field not in _SUBSTRING:
        raise invalid(f"The field `{field}` takes no `~`.", "query")
    if '"' in (found["key"] or ""):
        raise invalid("A metadata key with a quotation mark cannot be searched.", "query")
    path = f'$.metadata."{found["key"]}"' if found["key"] else f"$.{_path(kind, field)}"
    value = _value(found)
    if operator == "~":
        return Clause(_not(found, "lower(json_extract(data, ?)) LIKE ?"), (path, _like(value)))
    if isinstance(value, str):
        return Clause(_not(found, "lower(json_extract(data, ?)) IS ?"), (path, value.lower()))
    return Clause(_not(found, f"json_extract(data, ?) {_SQL[operator]} ?"), (path, value))


def _path(kind: str, field: str) -> str:
    return _PATHS.get(field, field) if kind == "invoice" else field


def _value(found: re.Match[str]) -> str | int | bool | None:
    if found["text"] is not None:
        text = re.sub(r"\\(.)", r"\1", found["text"])
        whole = found["field"] in _NUMERIC and re.fullmatch(r"-?\d+", text)
        return {"true": True, "false": False}.get(text, int(text) if whole else text)
    word = found["word"]
    named: dict[str, bool | None] = {"null": None, "true": True, "false": False}
    return named[word] if word in named else int(word)


def _like(value: Any) -> str:
    if not isinstance(value, str) or len(value) < 3:
        raise invalid("What is searched for with `~` has three characters at least.", "query")
    return "%" + value.lower().replace("%", "").replace("_", "\\_") + "%"


def _not(found: re.Match[str], sql: str) -> str:
    if "LIKE" in sql:
        sql += " ESCAPE '\\'"
    return f"NOT coalesce({sql}, 0)" if found["negated"] else sql


def _malformed(query: str) -> StripeError:
    return invalid(
        f"We were unable to parse your search query: {query}. For more information on how to "
        "structure your search query see https://stripe.com/docs/search#search-query-language.",
        "query",
    )


@assumed("what was written a moment ago is found at once; at Stripe it takes up to a minute")
def search(call: Call, kind: str) -> Json:
    """One page of what a query finds, newest first."""
    limit = call.params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise invalid("Limit must be between 1 and 100", "limit")
    clause = where(kind, call.params["query"])
    position = call.params.get("page", "")
    condition = f"json_extract(data, '$.deleted') IS NULL AND {clause.sql}"
    values = clause.values
    if position:
        if not position.isdecimal():
            raise invalid("Invalid page.", "page")
        condition += " AND seq < ?"
        values += (int(position),)
    found = call.state.select(
        kind, condition=condition, values=values, newest_first=True, limit=limit + 1
    )
    shown = found[:limit]
    more = len(found) > limit
    return {
        "object": "search_result",
        "data": [present(call.state, one) for one in shown],
        "has_more": more,
        "next_page": str(call.state.position(kind, shown[-1]["id"])) if more else None,
        "url": call.url,
    }
