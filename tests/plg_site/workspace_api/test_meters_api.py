"""Meters over the API: their definitions, and questions in OpenMeter's words."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import quote

import pytest
from uuid_utils.compat import uuid7

from metering.api import meters_answer
from metering.asking.query import Question, Row
from tests.events.log import an_event as stored_event

START = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=3)
LINK = str(uuid7())


def at(**later: int) -> str:
    return quote((START + timedelta(**later)).isoformat())


@pytest.fixture
def meters(outside, log, acme, globex):
    """Three conversions of acme on two days, and one of another workspace."""

    def converted(schema: str, hours: float, **said):
        moment = START + timedelta(hours=hours)
        return stored_event("Conversion Reported", tenant=schema, time=moment, **said)

    log.store.append(
        [
            converted(acme.schema_name, 1, currency="EUR", link_id=LINK),
            converted(acme.schema_name, 1.5, currency="USD"),
            converted(acme.schema_name, 30, currency="EUR"),
            converted(globex.schema_name, 1, currency="EUR"),
        ]
    )
    return outside


def ask(meters, query: str = ""):
    answer = meters.get(f"/meters/conversions/query?{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def values(answer) -> list[tuple[dict[str, str | None], float]]:
    return [(row["groupBy"], row["value"]) for row in answer["data"]]


def test_the_meters_are_listed_as_openmeter_would(meters):
    listed = {meter["slug"]: meter for meter in meters.get("/meters").json()}
    assert {"links", "clicks", "storage", "conversions"} <= listed.keys()
    assert listed["conversions"] | {"description": ""} == {
        "id": "conversions",
        "slug": "conversions",
        "name": "Conversions",
        "description": "",
        "aggregation": "COUNT",
        "eventType": "Conversion Reported",
        "valueProperty": None,
        "groupBy": {"link_id": "$.link_id", "currency": "$.currency"},
        "unit": "",
        "period": "month",
    }
    assert listed["storage"]["valueProperty"] == "$.bytes"
    assert meters.get("/meters/storage").json() == listed["storage"]
    assert meters.get("/meters?page=2").json() == []
    assert meters.get("/meters/nothing").status_code == 404


def test_without_parameters_all_that_ever_was_is_counted(meters):
    answer = ask(meters)
    assert (answer["from"], answer["to"], answer["windowSize"]) == (None, None, None)
    assert values(answer) == [({}, 3)]
    assert answer["data"][0]["subject"] is None


def test_a_span_ends_before_its_end(meters):
    assert values(ask(meters, f"from={at(hours=1)}&to={at(hours=30)}")) == [({}, 2)]


def test_windows_are_days_of_a_time_zone(meters):
    answer = ask(meters, f"from={at()}&to={at(days=2)}&windowSize=DAY")
    assert [(row["windowStart"], row["value"]) for row in answer["data"]] == [
        (START.isoformat().replace("+00:00", "Z"), 2),
        ((START + timedelta(days=1)).isoformat().replace("+00:00", "Z"), 1),
    ]
    assert answer["windowSize"] == "DAY"
    shifted = ask(
        meters, f"from={at(days=-1)}&to={at(days=2)}&windowSize=DAY&windowTimeZone=Asia/Tokyo"
    )
    assert {row["windowStart"][11:] for row in shifted["data"]} == {"15:00:00Z"}


def test_groups_and_filters_are_the_meters_dimensions(meters):
    assert values(ask(meters, "groupBy=currency")) == [
        ({"currency": "EUR"}, 2),
        ({"currency": "USD"}, 1),
    ]
    both = ask(meters, "groupBy=currency&groupBy=link_id&filterGroupBy[currency]=EUR")
    assert sorted(values(both), key=str) == sorted(
        [({"currency": "EUR", "link_id": LINK}, 1), ({"currency": "EUR", "link_id": None}, 1)],
        key=str,
    )
    either = "filterGroupBy[currency]=EUR&filterGroupBy[currency]=USD"
    assert values(ask(meters, either)) == [({}, 3)]
    advanced = quote('{"currency": {"$in": ["USD", "GBP"]}}')
    assert values(ask(meters, f"advancedMeterGroupByFilters={advanced}")) == [({}, 1)]


def test_the_subject_is_the_workspace_that_asks(meters, acme, globex):
    answer = ask(meters, f"subject={acme.id}&groupBy=subject")
    assert [(row["subject"], row["value"]) for row in answer["data"]] == [(str(acme.id), 3)]
    refused = meters.get(f"/meters/conversions/query?subject={globex.id}")
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "subject"


def test_the_same_question_can_be_a_body(meters):
    asked = {
        "from": START.isoformat(),
        "windowSize": "DAY",
        "groupBy": ["currency"],
        "filterGroupBy": {"currency": ["EUR"]},
        "subject": None,
    }
    answer = meters.post("/meters/conversions/query", asked).json()
    assert values(answer) == [({"currency": "EUR"}, 1)] * 2


def test_no_cell_of_the_csv_is_a_formula():
    row = Row(start=None, end=None, value=Decimal(1), group={"currency": "=1+1"}, count=1, late=0)
    question = Question(meter="conversions", group_by=("currency",))
    answer = meters_answer.as_csv(question, [row], subject=None)
    assert list(csv.reader(io.StringIO(answer.content.decode())))[1][3] == "'=1+1"


def test_the_answer_is_csv_when_asked_for(meters):
    answer = meters.get("/meters/conversions/query?groupBy=currency", Accept="text/csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert list(csv.reader(io.StringIO(answer.content.decode()))) == [
        ["window_start", "window_end", "subject", "currency", "value"],
        ["", "", "", "EUR", "2"],
        ["", "", "", "USD", "1"],
    ]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("from=yesterday", "from"),
        ("from=2026-01-01", "from"),
        ("from=2026-01-01T00:00:00", "from"),
        ("to=0001-01-01T00:00:00%2B23:59", "to"),
        ("to=9999-12-31T23:59:59-23:59", "to"),
        ("windowSize=YEAR", "windowSize"),
        ("windowSize=DAY", "from"),
        (f"from={at()}&windowSize=DAY&windowTimeZone=Mars/Olympus", "windowTimeZone"),
        ("windowTimeZone=../../etc/passwd", "windowTimeZone"),
        ("windowTimeZone=" + "x" * 3000, "windowTimeZone"),
        ("from=1970-01-01T00:00:00Z&windowSize=MINUTE", "windowSize"),
        ("groupBy=amount", "groupBy"),
        ("groupBy=tenant", "groupBy"),
        ("filterGroupBy[amount]=5", "filterGroupBy"),
        ("filterGroupBy[tenant]=w_x", "filterGroupBy"),
        ("filterGroupBy=currency", "filterGroupBy"),
        ("filterCustomerId=x", "filterCustomerId"),
        ("advancedMeterGroupByFilters={", "advancedMeterGroupByFilters"),
        ('advancedMeterGroupByFilters={"currency":{"$ne":"x"}}', None),
        ("window_size=DAY", "window_size"),
        (f"from={at()}&from={at()}", "from"),
    ],
)
def test_a_wrong_parameter_is_a_422_that_names_it(meters, query, parameter):
    answer = meters.get(f"/meters/conversions/query?{query}")
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    [error] = answer.json()["errors"]
    assert parameter in (None, error["field"])
    assert error["message"]


@pytest.mark.parametrize("body", ["{", "[]", '{"from": 5}', '{"groupBy": "currency"}', '{"x": 1}'])
def test_a_wrong_body_is_a_422(meters, body):
    answer = meters.client.post(
        "/api/v1/meters/conversions/query",
        data=body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {meters.key}"},
    )
    assert answer.status_code == 422


def test_without_the_store_the_answer_says_that_nothing_is_lost(meters, settings):
    settings.EVENTS_DATABASE_URL = "postgres://nobody:nothing@127.0.0.1:1/nowhere"
    answer = meters.get("/meters/conversions/query")
    assert answer.status_code == 503
    assert "Nothing is lost" in answer.json()["detail"]
