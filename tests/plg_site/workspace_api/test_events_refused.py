"""What must survive: every hostile request is refused with a reason that is counted, or taken as
documented (docs/events-api.md), and none is a 500."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from events import refusals
from tenants.keys import api_keys
from tenants.models import ApiKey
from tests.plg_site.conftest import an_event

NOW = datetime.now(UTC)
NESTED = "[" * 200 + "]" * 200


def raw(**members: str) -> str:
    """An event written by hand, for what json.dumps would not write."""
    said = {
        "specversion": '"1.0"',
        "id": '"1"',
        "source": '"/s"',
        "type": '"Parcel Sent"',
        "data": '{"grams": 1}',
    } | members
    return "{" + ",".join(f'"{key}": {value}' for key, value in said.items()) + "}"


def data(text: str) -> str:
    return raw(data='{"grams": 1, ' + text + "}")


EVENTS = {
    "a name that nobody registered": (an_event(type="Nobody Knows"), "unknown_event"),
    "a name that is no name": (an_event(type="x" * 255), "unknown_event"),
    "a name that only we record": (an_event(type="Link Clicked"), "not_open"),
    "a name that moves seats": (an_event(type="Seat Count Changed"), "not_open"),
    "no id": (an_event(id=None), "wrong_attribute"),
    "an empty source": (an_event(source=""), "wrong_attribute"),
    "a long id": (an_event("x" * 256), "wrong_attribute"),
    "a number as id": (an_event(5), "wrong_attribute"),
    "an object as type": (an_event(type={}), "wrong_attribute"),
    "NUL in the source": (an_event(source="a\0b"), "wrong_attribute"),
    "half a character in the subject": (raw(subject='"\\ud800"'), "wrong_attribute"),
    "another version": (an_event(specversion="0.3"), "wrong_attribute"),
    "data that is no object": (an_event(data=[1]), "wrong_attribute"),
    "data in base64": (an_event(data=None, data_base64="AAAA"), "wrong_attribute"),
    "data of another type": (an_event(datacontenttype="text/xml"), "wrong_attribute"),
    "not an object": ("5", "wrong_attribute"),
    "a deep id": (raw(id=NESTED), "wrong_attribute"),
    "a time without a zone": (an_event(time="2026-01-01T00:00:00"), "wrong_time"),
    "a time that is no date": (an_event(time="2026-02-30T00:00:00Z"), "wrong_time"),
    "a time of Unix": (an_event(time=1_790_000_000), "wrong_time"),
    "an ancient time": (an_event(time="1970-01-01T00:00:00Z"), "wrong_time"),
    "the first time": (an_event(time="0001-01-01T00:00:00+23:59"), "wrong_time"),
    "the last time": (an_event(time="9999-12-31T23:59:59-23:59"), "wrong_time"),
    "a clock an hour ahead": (
        an_event(time=(NOW + timedelta(hours=1)).isoformat()),
        "wrong_time",
    ),
    "a key twice": (raw(data='{"grams": 1, "grams": 2}'), "duplicate_key"),
    "an attribute twice": (raw(source='"/a", "source": "/b"'), "duplicate_key"),
    "no data": (an_event(data=None), "wrong_property"),
    "a property that is not declared": (an_event(data={"grams": 1, "x": 1}), "wrong_property"),
    "a workspace as property": (
        an_event(data={"grams": 1, "tenant": "w_0123456789abcdef"}),
        "wrong_property",
    ),
    "10,000 properties": (
        an_event(data={"grams": 1} | {f"p{n}": n for n in range(10_000)}),
        "wrong_property",
    ),
    "a deep property": (data(f'"note": {NESTED}'), "wrong_property"),
    "an object as property": (data('"note": {"a": 1}'), "wrong_property"),
    "NUL in a property": (data('"note": "a\\u0000b"'), "wrong_property"),
    "half a character in a property": (data('"note": "\\udfff"'), "wrong_property"),
    "a property that breaks its format": (data('"zone": "DEE"'), "wrong_property"),
    "a format with a line feed": (data('"zone": "DE\\n"'), "wrong_property"),
    "NaN": (data('"price": NaN'), "wrong_property"),
    "Infinity": (data('"height": -Infinity'), "wrong_property"),
    "1e400": (data('"height": 1e400'), "wrong_property"),
    "1e400 exactly": (data('"price": 1e400'), "wrong_property"),
    "an exponent beyond all": (data('"price": 1e99999999999999999999'), "wrong_property"),
    "10 to the 30": (data(f'"price": {10**30}'), "wrong_property"),
    "an integer of 5,000 digits": (data(f'"height": {"9" * 5000}'), "wrong_property"),
    "an integer beyond 63 bits": (raw(data=f'{{"grams": {2**63}}}'), "wrong_property"),
    "a fraction as integer": (raw(data='{"grams": 1.5}'), "wrong_property"),
    "1e400 as integer": (raw(data='{"grams": 1e400}'), "wrong_property"),
    "too many decimals": (data('"price": 0.1234567890123456789'), "wrong_property"),
    "a number with too many decimals": (data('"height": 1.5e-30'), "wrong_property"),
    "a Decimal of words": (data('"price": "NaN"'), "wrong_property"),
    "a Decimal with an exponent": (data('"price": "1e5"'), "wrong_property"),
    "a UUID in other digits": (an_event(data={"grams": 1, "to": "\uff11" * 32}), "wrong_property"),
    "a flag as number": (raw(data='{"grams": true}'), "wrong_property"),
    "a property of nearly 1 MB": (data(f'"note": "{"x" * 900_000}"'), "too_large"),
}


@pytest.mark.parametrize("name", EVENTS)
def test_a_hostile_event_is_refused_with_a_reason_and_the_next_one_is_taken(outside, refused, name):
    body, reason = EVENTS[name]
    text = body if isinstance(body, str) else json.dumps(body)
    answer = outside.send(f"[{text}, {json.dumps(an_event('fine'))}]")
    assert answer.status_code == 422, answer.content
    bad, fine = answer.json()["events"]
    assert (bad["status"], bad["reason"]) == ("refused", reason)
    assert 0 < len(bad["message"]) < 400
    assert fine["status"] == "accepted"
    assert refused(reason) == 1
    assert [each["context"]["source_id"] for each in outside.stored()] == ["fine"]


REQUESTS = {
    "no JSON": (b"{", {}, 422, "undecodable"),
    "nothing": (b" ", {}, 422, "undecodable"),
    "not UTF-8": (b'{"id": "\xff"}', {}, 422, "undecodable"),
    "nested without end": (b"[" * 100_000, {}, 422, "undecodable"),
    "objects without end": (b'{"a":' * 50_000, {}, 422, "undecodable"),
    "a single one as batch": (
        b"{}",
        {"type": "application/cloudevents-batch+json"},
        422,
        "undecodable",
    ),
    "a form": (b"a=1", {"type": "application/x-www-form-urlencoded"}, 415, "unsupported_type"),
    "no type": (b"{}", {"type": ""}, 415, "unsupported_type"),
    "another charset": (
        b"{}",
        {"type": "application/json; charset=utf-16"},
        415,
        "unsupported_type",
    ),
    "text in binary mode": (
        b"hello",
        {"type": "text/plain", "ce_specversion": "1.0"},
        415,
        "unsupported_type",
    ),
    "brotli": (b"{}", {"Content_Encoding": "br"}, 415, "unsupported_type"),
    "no gzip": (b"{}", {"Content_Encoding": "gzip"}, 422, "undecodable"),
    "half a gzip": (
        gzip.compress(b"[]" * 99)[:-9],
        {"Content_Encoding": "gzip"},
        422,
        "undecodable",
    ),
    "a bomb": (gzip.compress(b" " * 50_000_000), {"Content_Encoding": "gzip"}, 413, "too_large"),
    "1,001 events": (json.dumps([an_event()] * 1001).encode(), {}, 413, "too_many"),
    "more than a megabyte": (b" " * (1024 * 1024 + 1), {}, 413, "too_large"),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_that_cannot_be_read_is_refused_whole(outside, refused, name):
    body, more, status, reason = REQUESTS[name]
    answer = outside.send(body, **more)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["reason"] == reason
    assert refused(reason) == 1
    assert outside.stored() == []


def test_a_body_of_100_megabytes_is_refused_before_a_byte_is_read(outside):
    class Unread:
        def read(self, *sizes):
            raise AssertionError("read")

        readline = read

    answer = outside.client.generic(
        "POST",
        "/api/v1/events",
        content_type="application/json",
        headers={"Authorization": f"Bearer {outside.key}"},
        CONTENT_LENGTH=str(100 * 1024 * 1024),
        **{"wsgi.input": Unread()},
    )
    assert answer.status_code == 413


def test_a_body_in_chunks_of_unknown_number_is_refused(outside, refused):
    answer = outside.client.generic(
        "POST",
        "/api/v1/events",
        headers={"Authorization": f"Bearer {outside.key}", "Transfer-Encoding": "chunked"},
        CONTENT_LENGTH="",
    )
    assert answer.status_code == 411
    assert refused("no_length") == 1


@pytest.mark.parametrize("name", ["id", "schema_name"])
def test_an_event_about_another_workspace_is_refused(outside, acme, globex, refused, name):
    theirs, own = str(getattr(globex, name)), str(getattr(acme, name))
    report = outside.report(
        [
            an_event("1", subject=theirs),
            an_event("2", subject=own),
            an_event("3", subject=str(uuid7())),
            an_event("4", subject=globex.slug),
        ]
    )
    assert [event["status"] for event in report["events"]] == ["refused"] + ["accepted"] * 3
    assert report["events"][0]["reason"] == "another_workspace"
    assert refused("another_workspace") == 1


def test_another_workspaces_id_as_an_extension_changes_nothing(outside, acme, globex):
    """Receivers may ignore extensions (CloudEvents 1.0), and these we do not even keep."""
    named = {"tenant": globex.schema_name, "workspace": str(globex.id), "tenantid": str(globex.id)}
    assert outside.send(an_event(**named)).status_code == 204
    [stored] = outside.stored()
    assert stored["tenant"] == acme.schema_name
    assert globex.schema_name not in str(stored)
    assert str(globex.id) not in str(stored)


@pytest.mark.parametrize("key", ["", "sk_" + "x" * 43, "nope", "sk_\u00e4"])
def test_a_forged_key_sends_nothing(outside, key):
    assert outside.send(an_event(), key=key).status_code == 401
    assert outside.stored() == []


def test_a_revoked_key_sends_nothing(outside, people, acme):
    api_keys.revoke(ApiKey.objects.for_tenant(acme).latest("created_at"), user=people.acme_owner)
    assert outside.send(an_event()).status_code == 401
    assert outside.stored() == []


def test_a_key_of_another_workspace_sends_nothing(outside, people, globex):
    _, theirs = api_keys.create(globex, name="theirs", user=people.globex_owner)
    assert outside.send(an_event(), key=theirs).status_code == 401
    assert outside.stored() == []


def test_refusals_reach_the_staff_by_reason_and_workspace(outside, acme):
    outside.send(an_event(type="Nobody Knows"))
    outside.send(an_event(data={}))
    refusals.send()
    assert refusals.totals_stored()["unknown_event"] == 1
    assert refusals.of_workspace(acme.schema_name) == {"unknown_event": 1, "wrong_property": 1}


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["1.0", "Parcel Sent", "Link Clicked", "/s", "2026-01-01T00:00:00Z"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["specversion", "id", "source", "type", "data", "time", "grams", "x"]),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)
nearly = st.fixed_dictionaries(
    {"specversion": st.just("1.0"), "id": anything, "source": st.just("/s")},
    optional={
        "type": st.just("Parcel Sent"),
        "time": st.datetimes(timezones=st.timezones()).map(str) | anything,
        "subject": anything,
        "data": st.dictionaries(
            st.sampled_from(["grams", "price", "height", "to", "note", "zone"]), anything
        )
        | anything,
    },
)


@settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
@given(body=anything | nearly | st.lists(nearly, max_size=4) | st.binary(min_size=1, max_size=60))
def test_no_body_at_all_is_a_fault_of_ours(outside, body):
    answer = outside.send(body if isinstance(body, bytes) else json.dumps(body))
    assert answer.status_code in {204, 422}
    if answer.status_code != 204:
        assert answer.json()
