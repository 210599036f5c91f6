"""Meters over the workspace's API: what is counted, and what was. In OpenMeter's words and shapes.

https://openmeter.io/docs/api: GET /meters, GET /meters/{meter}, and its query by GET or POST.
"""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpResponse, JsonResponse
from ninja import Query, Router, Schema
from ninja.errors import HttpError
from pydantic import Field

from events.store import StoreUnavailable
from metering.api import meters_answer, meters_question
from metering.asking.query import WrongQuestion, ask
from metering.definitions import catalogue
from metering.definitions.meter import Meter
from tenants.requests import KeyedRequest
from tenants.scopes import Scope, needs

router = Router(tags=["Meters"])
_PAGE = 100
_LARGEST = 2**31 - 1
_AGGREGATIONS = {"unique": "UNIQUE_COUNT"}


class MeterOut(Schema):
    """What a meter counts. `groupBy` names what questions may group by and filter on."""

    id: str
    slug: str
    name: str
    description: str
    aggregation: str = Field(description="COUNT, SUM, MAX, LATEST or UNIQUE_COUNT.")
    eventType: str
    valueProperty: str | None = Field(description="JSONPath in the event's data.")
    groupBy: dict[str, str]
    unit: str = Field(description='"" counts things; "bytes" or another word is the unit.')
    period: str = Field(description="month: starts again with each billing period; or lifetime.")

    @classmethod
    def of(cls, meter: Meter) -> MeterOut:
        return cls(
            id=meter.key,
            slug=meter.key,
            name=meter.label,
            description=meter.description,
            aggregation=_AGGREGATIONS.get(meter.aggregation, meter.aggregation.upper()),
            eventType=meter.event,
            valueProperty=f"$.{meter.property}" if meter.property else None,
            groupBy={name: f"$.{name}" for name in meter.group_by},
            unit=meter.unit,
            period=meter.period,
        )


@router.get(
    "/meters", response=list[MeterOut], operation_id="list_meters", summary="List the meters"
)
def list_meters(
    request: KeyedRequest,
    page: Annotated[int, Query(ge=-_LARGEST, le=_LARGEST)] = 1,
    pageSize: Annotated[int, Query(ge=-_LARGEST, le=_LARGEST)] = _PAGE,
) -> list[MeterOut]:
    """Every meter of the product, in its order."""
    size = max(1, pageSize)
    start = (max(1, page) - 1) * size
    return [MeterOut.of(meter) for meter in list(catalogue.meters().values())[start : start + size]]


@router.get("/meters/{meter}", response=MeterOut, operation_id="get_meter", summary="Read a meter")
def get_meter(request: KeyedRequest, meter: str) -> MeterOut:
    """One meter, by its id."""
    return MeterOut.of(_meter(meter))


@router.get(
    "/meters/{meter}/query",
    response={200: meters_answer.Answer},
    by_alias=True,
    operation_id="query_meter",
    summary="Ask a meter",
    openapi_extra=meters_question.as_parameters() | meters_answer.AS_CSV,
)
def query_meter(request: KeyedRequest, meter: str) -> HttpResponse:
    """What this workspace used between any two instants: in all, by window, and by group.

    `from` is included, `to` is not; without them all time is counted. A window starts at a full
    minute or hour, at midnight or on the first of a month in `windowTimeZone`; windows and groups
    without an event are left out. Sums are exact; `value` is a JSON number. For `text/csv`, send it
    as `Accept`. Filter by `filterGroupBy[currency]=EUR`, repeated for more values.
    """
    return _answered(request, meter, meters_question.of_query(request.GET))


@router.post(
    "/meters/{meter}/query",
    response={200: meters_answer.Answer},
    by_alias=True,
    operation_id="query_meter_by_post",
    summary="Ask a meter, with a body",
    openapi_extra=meters_question.as_body() | meters_answer.AS_CSV,
)
@needs(Scope.READ)
def query_meter_by_post(request: KeyedRequest, meter: str) -> HttpResponse:
    """The same question as a JSON body, for filters that are too long for an address."""
    return _answered(request, meter, meters_question.of_body(request.body))


def _answered(request: KeyedRequest, key: str, asked: meters_question.Asked) -> HttpResponse:
    meter, tenant = _meter(key), request.tenant
    question = asked.question(meter, tenant)
    try:
        [rows] = ask(tenant, question)
    except WrongQuestion as wrong:
        raise meters_question.invalid(asked.blamed(), str(wrong)) from None
    except StoreUnavailable:
        raise HttpError(503, "Usage cannot be read right now. Nothing is lost.") from None
    subject = str(tenant.id) if asked.names_subject() else None
    if "text/csv" in request.headers.get("Accept", ""):
        return meters_answer.as_csv(question, rows, subject=subject)
    body: dict[str, Any] = meters_answer.as_json(question, rows, subject=subject)
    return JsonResponse(body)


def _meter(key: str) -> Meter:
    try:
        return catalogue.get(key)
    except KeyError:
        known = ", ".join(catalogue.meters())
        raise HttpError(404, f"There is no such meter; there are {known}.") from None
