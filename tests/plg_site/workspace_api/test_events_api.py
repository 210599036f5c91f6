"""Events from outside: which forms are read, what the answer says, and whose the events are."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from uuid import UUID

import pytest
from cloudevents.conversion import to_binary, to_structured
from cloudevents.http import CloudEvent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from events.transport import get_transport
from tests.plg_site.conftest import an_event

STRUCTURED, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"


def test_an_event_is_stored_in_the_workspace_of_the_key_with_all_that_was_said(outside, acme):
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
    to = uuid7()
    data = {
        "grams": 5.0,
        "price": 19.99,
        "height": 2,
        "fragile": True,
        "to": str(to).upper(),
        "note": "für dich 🎁",
    }
    sent = an_event("a1", time=at.isoformat(), subject="customer 7", data=data)
    assert outside.send(sent, type=STRUCTURED).status_code == 204
    [stored] = outside.stored()
    assert (stored["tenant"], stored["time"]) == (acme.schema_name, at)
    assert {key: stored[key] for key in data} == data | {
        "grams": 5,
        "price": "19.99",
        "to": str(to),
    }
    said = stored["context"]
    assert (said["source"], said["source_id"], said["subject"]) == ("/shop", "a1", "customer 7")
    assert said["api_key"]
    assert said["request_id"]


def test_an_amount_is_exact_as_a_number_and_as_a_text(outside):
    outside.send([an_event("1", data={"grams": 1, "price": 0.1})])
    outside.send(
        '[{"specversion":"1.0","id":"2","source":"/shop","type":"Parcel Sent",'
        '"data":{"grams":1,"price":1234567890123456.789}}]'
    )
    outside.send([an_event("3", data={"grams": 1, "price": "1234567890123456.789"})])
    assert [Decimal(each["price"]) for each in outside.stored()] == [
        Decimal("0.1"),
        Decimal("1234567890123456.789"),
        Decimal("1234567890123456.789"),
    ]


@pytest.mark.parametrize(
    ("type", "body"),
    [
        (STRUCTURED, an_event()),
        (f"{STRUCTURED}; charset=UTF-8", an_event()),
        (BATCH, [an_event()]),
        ("application/json", an_event()),
        ("application/json", [an_event()]),
    ],
)
def test_each_form_of_the_specification_is_read(outside, type, body):
    assert outside.send(body, type=type).status_code == 204
    assert len(outside.stored()) == 1


@pytest.mark.parametrize("write", [to_structured, to_binary])
def test_what_the_cloudevents_sdk_writes_is_read(outside, write):
    event = CloudEvent({"source": "/shop", "type": "Parcel Sent", "id": "ü 1"}, {"grams": 7})
    headers, body = write(event)
    headers["content-type"] = headers.get("content-type", "application/json")
    kind = headers.pop("content-type")
    named = {name.replace("-", "_"): value for name, value in headers.items()}
    named = {name: value.encode().decode("latin-1") for name, value in named.items()}
    assert outside.send(body, type=kind, **named).status_code == 204
    [stored] = outside.stored()
    assert (stored["grams"], stored["context"]["source_id"]) == (7, "ü 1")


def test_binary_mode_has_its_attributes_in_percent_encoded_headers(outside):
    headers = {
        "ce_specversion": "1.0",
        "ce_id": "%C3%BC",
        "ce_source": "/shop",
        "ce_type": "Parcel Sent",
        "ce_subject": "caf%C3%A9",
    }
    assert outside.send({"grams": 2}, **headers).status_code == 204
    [stored] = outside.stored()
    assert (stored["context"]["source_id"], stored["context"]["subject"]) == ("ü", "café")


def test_a_list_is_a_list_by_whatever_name_it_is_sent(outside):
    for number, kind in enumerate((STRUCTURED, BATCH, "application/json")):
        batch = [an_event(f"{number}a"), an_event(f"{number}b")]
        assert outside.send(batch, type=kind).status_code == 204
    assert len(outside.stored()) == 6


def test_a_gzip_body_is_read(outside):
    body = gzip.compress(json.dumps(an_event()).encode())
    assert outside.send(body, Content_Encoding="gzip").status_code == 204
    assert len(outside.stored()) == 1


def test_an_empty_batch_is_nothing_and_no_mistake(outside):
    assert outside.send([], type=BATCH).status_code == 204
    assert outside.report([]) == {"accepted": 0, "refused": 0, "events": []}


def test_who_accepts_json_is_told_of_each_event(outside):
    answer = outside.report([an_event("1"), an_event("2")])
    assert (answer["accepted"], answer["refused"]) == (2, 0)
    assert [(e["index"], e["status"], e["id"], e["source"]) for e in answer["events"]] == [
        (0, "accepted", "1", "/shop"),
        (1, "accepted", "2", "/shop"),
    ]
    assert [UUID(e["event_id"]) for e in answer["events"]] == [e["id"] for e in outside.stored()]


def test_one_bad_event_does_not_spoil_the_batch_and_is_never_silent(outside, refused):
    batch = [an_event("1"), an_event("2", data={"grams": "many"}), an_event("3")]
    answer = outside.send(batch, type=BATCH)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("1 of 3 events were refused, the others are taken.")
    report = answer.json()
    assert [event["status"] for event in report["events"]] == ["accepted", "refused", "accepted"]
    bad = report["events"][1]
    assert (bad["id"], bad["reason"]) == ("2", "wrong_property")
    assert "grams must be int" in bad["message"]
    assert [each["context"]["source_id"] for each in outside.stored()] == ["1", "3"]
    assert refused("wrong_property") == 1


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/problem+json"])
def test_a_refusal_is_a_success_to_nobody_who_did_not_ask_for_that(outside, accept):
    batch = [an_event("1"), an_event("2", data={"grams": "many"})]
    assert outside.send(batch, Accept=accept).status_code == 422
    lenient = outside.send(batch, Accept=accept, Prefer="handling=lenient")
    assert lenient.status_code == 207
    assert lenient["Preference-Applied"] == "handling=lenient"
    assert [each["status"] for each in lenient.json()["events"]] == ["accepted", "refused"]
    assert outside.send(batch[1:], Accept=accept, Prefer="handling=lenient").status_code == 422


def test_when_all_are_refused_the_answer_is_a_problem_that_lists_them(outside):
    answer = outside.send([an_event("1", type="Nobody Knows"), an_event("2", source="")])
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    problem = answer.json()
    assert "Nobody Knows" in problem["detail"]
    reasons = [event["reason"] for event in problem["events"]]
    assert reasons == ["unknown_event", "wrong_attribute"]


def test_an_event_sent_again_is_stored_once_even_with_another_time(outside):
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    outside.send(an_event("1"))
    outside.send([an_event("1", time=yesterday), an_event("1", source="/other shop")])
    [first, other] = outside.stored()
    outside.send(an_event("1", time=yesterday))
    assert outside.stored() == [first, other]
    assert {first["context"]["source"], other["context"]["source"]} == {"/shop", "/other shop"}


def test_an_event_twice_in_one_request_is_told_so(outside):
    answer = outside.report([an_event("1"), an_event("1")])
    assert [event["status"] for event in answer["events"]] == ["accepted", "duplicate"]
    assert answer["accepted"] == 1
    assert len(outside.stored()) == 1


def test_the_same_event_of_two_workspaces_is_two_events(outside, client_for, people, globex):
    from tenants.keys import api_keys

    _, theirs = api_keys.create(globex, name="theirs", user=people.globex_owner)
    outside.send(an_event("1"))
    answer = client_for(None, globex).post(
        "/api/v1/events",
        data=json.dumps(an_event("1")),
        content_type="application/json",
        headers={"Authorization": f"Bearer {theirs}"},
    )
    assert answer.status_code == 204
    assert len({(each["id"], each["tenant"]) for each in outside.stored()}) == 2


def test_an_id_that_is_a_uuid_7_keeps_its_time_in_front(outside):
    own = uuid7()
    answer = outside.report(an_event(str(own)))
    ours = UUID(answer["events"][0]["event_id"])
    assert ours.bytes[:6] == own.bytes[:6]
    assert ours.version == 8
    assert ours != own


def test_a_request_with_many_events_is_one_api_call(outside, acme, log):
    from metering.asking import usage

    log.settle()
    before = usage.current(acme, "api_calls")
    outside.send([an_event(str(number)) for number in range(50)])
    log.settle()
    assert usage.current(acme, "api_calls") == before + 1


def test_the_full_batch_is_taken(outside):
    answer = outside.report([an_event(str(number)) for number in range(1000)])
    assert answer["accepted"] == 1000
    assert len(outside.stored()) == 1000


def test_while_the_stream_is_away_events_wait_on_the_disk(outside, settings):
    real = settings.REDIS_URL
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert outside.send(an_event("1")).status_code == 204
    settings.REDIS_URL = real
    assert len(outside.stored()) == 1


def test_when_nothing_takes_events_none_was_taken_and_the_sender_waits(outside, settings, refused):
    real = settings.REDIS_URL
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.EVENTS_SPOOL_MAX_BYTES = 10
    answer = outside.send([an_event("1"), an_event("2", type="Nobody Knows")])
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer.json()["reason"] == "not_accepted"
    assert "events" not in answer.json()
    assert refused("not_accepted") >= 1
    settings.REDIS_URL, settings.EVENTS_SPOOL_MAX_BYTES = real, 10**8
    assert get_transport()
    assert outside.stored() == []
    assert outside.send(an_event("1")).status_code == 204
    assert len(outside.stored()) == 1


def test_the_documentation_names_every_open_type_with_its_data(client_for, people, acme):
    document = client_for(people.acme_owner, acme).get("/api/openapi.json").json()
    operation = document["paths"]["/api/v1/events"]["post"]
    assert "`Conversion Reported`" in operation["description"]
    assert "`currency` (text like `[A-Z]{3}`, optional)" in operation["description"]
    assert set(operation["requestBody"]["content"]) == {"application/json"}
    assert f"`{STRUCTURED}`" in operation["description"]
    assert f"`{BATCH}`" in operation["description"]
    assert {"200", "204", "207", "default"} <= set(operation["responses"])


@settings(max_examples=20, suppress_health_check=list(HealthCheck), deadline=None)
@given(
    sent=st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=12),
    cuts=st.sets(st.integers(0, 12), max_size=3),
)
def test_in_any_split_and_repetition_each_good_event_is_stored_once(outside, sent, cuts):
    mine = uuid7().hex
    batch = [
        an_event(f"{mine}-{number}", data={"grams": number if good else "bad"})
        for number, good in sent
    ]
    edges = [0, *sorted(cuts), len(batch)]
    for start, end in pairwise(edges):
        report = outside.report(batch[start:end])
        expected = ["refused" if not good else "taken" for _, good in sent[start:end]]
        found = [event["status"] for event in report["events"]]
        assert ["refused" if status == "refused" else "taken" for status in found] == expected
    stored = [each["grams"] for each in outside.stored() if mine in each["context"]["source_id"]]
    assert sorted(stored) == sorted({number for number, good in sent if good})
