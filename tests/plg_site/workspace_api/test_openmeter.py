"""OpenMeter's own client, unchanged, over real HTTP: it ingests, it reads meters, it asks them.

It is pointed at us by its endpoint and token; `*.localhost` does not resolve everywhere, so the
name of the workspace comes as a header.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from corehttp.exceptions import ClientAuthenticationError, HttpResponseError
from corehttp.runtime.policies import HeadersPolicy, RetryPolicy
from django.conf import settings as django_settings
from openmeter import Client
from openmeter.models import Event, FilterString, MeterQueryRequest
from uuid_utils.compat import uuid7


@pytest.fixture
def openmeter(endpoint, token, tenant) -> Iterator[Client]:
    with client(endpoint, token) as made:
        yield made


def client(endpoint: str, token: str, **options) -> Client:
    host = HeadersPolicy({"Host": f"acme.{django_settings.APP_DOMAIN}"})
    return Client(endpoint=endpoint, token=token, headers_policy=host, **options)


def parcel(grams: int = 5, *, id: str | None = None, type: str = "Parcel Sent", **more) -> Event:
    return Event(
        id=id or str(uuid7()),
        source="my-app",
        specversion="1.0",
        type=type,
        subject="customer-1",
        time=datetime.now(UTC),
        data={"grams": grams},
        **more,
    )


def grams(log) -> list[int]:
    log.settle()
    return sorted(event.properties["grams"] for event in log.store.find(names=["Parcel Sent"]))


def test_it_ingests_one_and_many_and_repeats_what_it_likes(openmeter, log):
    again = parcel(1, id="order-1")
    openmeter.events.ingest_event(again)
    openmeter.events.ingest_events([parcel(2), parcel(3), again])
    openmeter.events.ingest_events_json(parcel(4))
    openmeter.events.ingest_events_json([parcel(5), again])
    assert grams(log) == [1, 2, 3, 4, 5]


def test_it_is_told_of_a_refusal(openmeter, log):
    with pytest.raises(HttpResponseError) as alone:
        openmeter.events.ingest_event(parcel(type="Nobody Knows"))
    assert (alone.value.status_code, alone.value.response.json()["reason"]) == (
        422,
        "unknown_event",
    )
    with pytest.raises(HttpResponseError) as some:
        openmeter.events.ingest_events([parcel(7), parcel(type="Link Clicked")])
    assert some.value.status_code == 422
    events = some.value.response.json()["events"]
    assert [event["status"] for event in events] == ["accepted", "refused"]
    assert grams(log) == [7]


def test_it_is_told_that_its_token_is_wrong(endpoint, log, token):
    with client(endpoint, "sk_wrong") as stranger, pytest.raises(ClientAuthenticationError):
        stranger.events.ingest_event(parcel())


def test_it_waits_and_sends_again_when_nothing_takes_events(endpoint, token, log, settings):
    real, settings.REDIS_URL = settings.REDIS_URL, "redis://127.0.0.1:1/0"
    settings.EVENTS_SPOOL_MAX_BYTES = 10
    with client(endpoint, token, retry_policy=RetryPolicy(retry_total=0)) as once:
        with pytest.raises(HttpResponseError) as refused:
            once.events.ingest_event(parcel(id="a"))
        assert (refused.value.status_code, refused.value.response.headers["Retry-After"]) == (
            503,
            "5",
        )
        settings.REDIS_URL, settings.EVENTS_SPOOL_MAX_BYTES = real, 10**8
        once.events.ingest_event(parcel(id="a"))
    assert grams(log) == [5]


def test_its_asynchronous_client_ingests(endpoint, token, log):
    import asyncio

    from openmeter.aio import Client as AsyncClient

    async def ingest() -> None:
        host = HeadersPolicy({"Host": f"acme.{django_settings.APP_DOMAIN}"})
        async with AsyncClient(endpoint=endpoint, token=token, headers_policy=host) as made:
            await made.events.ingest_events([parcel(8), parcel(9)])

    asyncio.run(ingest())
    assert grams(log) == [8, 9]


@pytest.fixture
def converted(openmeter, log) -> datetime:
    """Three conversions of the last hour, sent by its client, and stored; returns that hour."""
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    sent = [
        Event(
            id=str(number),
            source="shop",
            specversion="1.0",
            type="Conversion Reported",
            subject="customer-1",
            time=hour + timedelta(minutes=number),
            data={"amount": "10.00", "currency": currency},
        )
        for number, currency in enumerate(["EUR", "EUR", "USD"])
    ]
    openmeter.events.ingest_events(sent)
    log.settle()
    return hour


def test_it_lists_and_reads_meters(openmeter):
    listed = {meter.slug: meter for meter in openmeter.meters.list()}
    assert listed["storage"].aggregation == "SUM"
    assert listed["visitors"].aggregation == "UNIQUE_COUNT"
    meter = openmeter.meters.get("conversions")
    assert (meter.event_type, meter.group_by["currency"]) == ("Conversion Reported", "$.currency")


def test_it_asks_a_meter_by_window_group_and_filter(openmeter, converted):
    answer = openmeter.meters.query_json(
        "conversions",
        from_parameter=converted,
        to=converted + timedelta(hours=1),
        window_size="HOUR",
        window_time_zone="Europe/Berlin",
        group_by=["currency", "subject"],
    )
    assert [(row.group_by["currency"], row.value) for row in answer.data] == [
        ("EUR", 2),
        ("USD", 1),
    ]
    assert answer.window_size == "HOUR"
    first = answer.data[0]
    assert (first.window_start, first.window_end) == (converted, converted + timedelta(hours=1))
    only = {"currency": {"$in": ["USD"]}}
    some = openmeter.meters.query_json("conversions", advanced_meter_group_by_filters=only)
    assert [row.value for row in some.data] == [1]


def test_it_asks_by_post_and_for_csv(openmeter, converted):
    asked = MeterQueryRequest(
        from_property=converted, window_size="DAY", filter_group_by={"currency": ["EUR"]}
    )
    assert sum(row.value for row in openmeter.meters.query("conversions", asked).data) == 2
    dollars = {"currency": FilterString(eq="USD")}
    asked = MeterQueryRequest(advanced_meter_group_by_filters=dollars)
    assert [row.value for row in openmeter.meters.query("conversions", asked).data] == [1]
    text = openmeter.meters.query_csv("conversions", group_by=["currency"])
    assert text.splitlines()[1:] == [",,,EUR,2", ",,,USD,1"]


def test_a_filter_that_its_client_garbles_is_refused_and_not_ignored(openmeter, converted):
    """In an address it writes `filterGroupBy=currency` and drops the value."""
    with pytest.raises(HttpResponseError) as refused:
        openmeter.meters.query_json("conversions", filter_group_by={"currency": "EUR"})
    assert refused.value.status_code == 422
    assert "filterGroupBy[name]=value" in str(refused.value.response.json())
