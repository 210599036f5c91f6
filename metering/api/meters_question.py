"""What a caller asks of a meter, in OpenMeter's parameters: read from an address or from a body."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal

import pydantic
from django.http import QueryDict
from ninja import Schema
from ninja.errors import ValidationError
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from events import cloudevents, json_values, registry
from events.errors import Undecodable
from metering.asking.query import Question, Window
from metering.definitions.meter import Meter
from metering.periods import windows
from tenants.models import Tenant

SUBJECT = "subject"  # OpenMeter's reserved group: here always the workspace that asks
_FILTER = re.compile(r"filterGroupBy\[([^\]]*)\]")
_LISTS = ("groupBy", "subject", "filterCustomerId")
_ADVANCED = "advancedMeterGroupByFilters"

_YEARS = range(1970, 2200)  # beyond them, arithmetic with zones has no answer


def _moment(text: Any) -> datetime:
    moment = cloudevents.timestamp(text)
    if moment.year not in _YEARS:
        raise ValueError(f"Ask for years from {_YEARS[0]} to {_YEARS[-1]}.")
    return moment


def _storable(text: str) -> str:
    return registry.storable(text, where="A value")


Moment = Annotated[datetime | None, BeforeValidator(_moment)]
Names = Annotated[list[str], Field(max_length=20)]
Value = Annotated[str, Field(max_length=1024), AfterValidator(_storable)]
Values = Annotated[list[Value], Field(max_length=100)]


class Condition(Schema):
    """One of OpenMeter's string filters: those that a rollup can answer."""

    model_config = ConfigDict(extra="forbid")
    eq: Value | None = Field(None, alias="$eq")
    in_: Values | None = Field(None, alias="$in")

    def values(self) -> list[str]:
        return [*([] if self.eq is None else [self.eq]), *(self.in_ or [])]


class Asked(Schema):
    """The question. A parameter that we do not know is a typing mistake, and refused."""

    model_config = ConfigDict(extra="forbid", populate_by_name=False)
    start: Moment = Field(None, alias="from")
    end: Moment = Field(None, alias="to")
    window: Literal["MINUTE", "HOUR", "DAY", "MONTH"] | None = Field(None, alias="windowSize")
    time_zone: str = Field("UTC", alias="windowTimeZone")
    group_by: Names = Field([], alias="groupBy")
    filters: dict[str, Values] = Field({}, alias="filterGroupBy", max_length=20)
    advanced: dict[str, Condition] = Field({}, alias="advancedMeterGroupByFilters", max_length=20)
    subject: Values = []
    customer: Values = Field([], alias="filterCustomerId")
    client: str = Field("", alias="clientId")  # OpenMeter's handle for progress; we are quick

    def question(self, meter: Meter, tenant: Tenant) -> Question:
        """The question to the meter. Raises ValidationError, which names the parameter."""
        self._check_subject("subject", self.subject, tenant)
        self._check_subject("filterCustomerId", self.customer, tenant)
        filters = {**self.filters, **{name: c.values() for name, c in self.advanced.items()}}
        groups = [name for name in dict.fromkeys(self.group_by) if name != SUBJECT]
        for parameter, names in (("groupBy", groups), ("filterGroupBy", filters)):
            for name in names:
                if name not in meter.group_by:
                    has = ", ".join(meter.group_by) or "no dimensions"
                    raise invalid(parameter, f"This meter has no “{name[:60]}”; it has {has}.")
        try:
            windows.zone(self.time_zone)
        except ValueError as wrong:
            raise invalid("windowTimeZone", str(wrong)) from None
        return Question(
            meter=meter.key,
            start=self.start,
            end=self.end,
            window=_WINDOWS[self.window] if self.window else None,
            time_zone=self.time_zone,
            filters=filters,
            group_by=groups,
        )

    def names_subject(self) -> bool:
        """Whether the answer is to say whose usage it is."""
        return bool(self.subject) or SUBJECT in self.group_by

    def blamed(self) -> str:
        """The parameter to name for a question that as a whole has no answer."""
        if self.window and self.start is None:
            return "from"
        return "windowSize" if self.window else "groupBy"

    def _check_subject(self, parameter: str, names: list[str], tenant: Tenant) -> None:
        if set(names) - {str(tenant.id), tenant.schema_name, tenant.slug}:
            raise invalid(parameter, "A key reads its own workspace only.")


_WINDOWS: dict[str, Window] = {
    "MINUTE": "minute",
    "HOUR": "hour",
    "DAY": "day",
    "MONTH": "month",
}


def of_query(query: QueryDict) -> Asked:
    """The question of an address. Raises ValidationError, which names the parameter."""
    said: dict[str, Any] = {}
    for name in query:
        values = query.getlist(name)
        if filtered := _FILTER.fullmatch(name):
            said.setdefault("filterGroupBy", {}).setdefault(filtered[1], []).extend(values)
        elif name == "filterGroupBy":
            # OpenMeter's Python client writes the name and drops the value: never answer that.
            raise invalid(name, "Write it as filterGroupBy[name]=value.")
        elif name in _LISTS:
            said[name] = values
        elif len(values) > 1:
            raise invalid(name, "Say this once.")
        else:
            said[name] = _json(name, values[0]) if name == _ADVANCED else values[0]
    return _validated(said, "query")


def of_body(body: bytes) -> Asked:
    """The question of a JSON body. Raises ValidationError, which names the field."""
    try:
        said = json_values.loads(body)
    except Undecodable as error:
        raise invalid("body", str(error)) from None
    if not isinstance(said, dict) or json_values.is_ambiguous(said):
        raise invalid("body", "This is not a JSON object with each name once.")
    return _validated({name: value for name, value in said.items() if value is not None}, "body")


def invalid(parameter: str, message: str) -> ValidationError:
    """The 422 that names this parameter."""
    return ValidationError([{"loc": ("query", parameter), "msg": message}])


def as_parameters() -> dict[str, Any]:
    """The question as OpenAPI parameters."""
    schema = Asked.model_json_schema(by_alias=True)["properties"]
    hidden = {"filterGroupBy", "clientId", "filterCustomerId", _ADVANCED}
    plain = [
        {"name": name, "in": "query", "schema": _PLAIN.get(name, schema[name])}
        for name in schema
        if name not in hidden
    ]
    filters = {
        "name": "filterGroupBy",
        "in": "query",
        "style": "deepObject",
        "schema": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "maxProperties": 20,
        },
    }
    return {"parameters": [*plain, filters]}


def as_body() -> dict[str, Any]:
    """The question as an OpenAPI request body."""
    schema = Asked.model_json_schema(by_alias=True)
    definitions = schema.pop("$defs", {})
    schema["properties"] |= _PLAIN
    schema["properties"][_ADVANCED] = {
        "type": "object",
        "maxProperties": 20,
        "additionalProperties": definitions.get("Condition", {}),
    }
    return {"requestBody": {"content": {"application/json": {"schema": schema}}}}


_TIME = {"type": "string", "format": "date-time", "examples": ["2026-11-01T00:00:00Z"]}
_PLAIN: dict[str, Any] = {
    "from": _TIME,
    "to": _TIME,
    "windowSize": {"type": "string", "enum": list(_WINDOWS)},
}


def _validated(said: dict[str, Any], source: str) -> Asked:
    try:
        return Asked.model_validate(said)
    except pydantic.ValidationError as wrong:
        errors = [{"loc": (source, *e["loc"]), "msg": e["msg"]} for e in wrong.errors()]
        raise ValidationError(errors) from None


def _json(name: str, text: str) -> Any:
    try:
        said = json_values.loads(text.encode())
    except (Undecodable, UnicodeEncodeError):
        raise invalid(name, "This is not JSON.") from None
    if json_values.is_ambiguous(said):
        raise invalid(name, "Say each name once.")
    return said
