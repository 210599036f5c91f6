"""Segment's HTTP API, spoken byte by byte to a real collector."""

from __future__ import annotations

import gzip
import json
import time
import zlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
from django.core.management import call_command

from events import later
from identity import people
from identity.models import EventName, Source, Trouble
from tests.identity.collecting.collector import a_source, a_track, basic, wait_for
from tests.identity.collecting.conftest import A_MINUTE


def stored(log):
    log.settle()
    events = [event for event in log.store.find() if "source_kind" in event.context]
    return sorted(events, key=lambda event: (event.name, event.time))


def test_calls_of_a_server_are_events_of_the_persons_that_it_names(collector, log):
    source, key = a_source("Backend")
    calls = {
        "track": a_track(messageId="m1"),
        "identify": {"userId": "u-1", "traits": {"plan": "pro"}},
        "page": {"userId": "u-1", "name": "Home", "properties": {"path": "/", "title": "Hi"}},
        "screen": {"userId": "u-1", "name": "Start"},
        "group": {"userId": "u-1", "groupId": "g-1", "traits": {"name": "Acme"}},
        "alias": {"userId": "u-1", "previousId": "anonymous-1"},
    }
    for name, said in calls.items():
        answer = collector.post(f"/v1/{name}", said, key=key)
        assert (answer.status_code, answer.json()) == (200, {"success": True}), name
    found = {event.name: event for event in stored(log)}
    assert set(found) == {
        "Order Completed", "Person Described", "Page Viewed", "Screen Viewed", "Group Described",
        "Person Aliased",
    }  # fmt: skip
    known = people.persons_called(["u-1"])["u-1"]
    assert {event.person for event in found.values()} == {known}
    order = found["Order Completed"]
    assert order.properties == {"plan": "pro"}
    assert order.context == {
        "source": str(source.pk), "source_kind": "server", "type": "track", "user_id": "u-1",
        "plan": "unplanned", "message_id": "m1",
    }  # fmt: skip
    assert found["Person Described"].properties == {"plan": "pro"}
    assert found["Page Viewed"].properties == {
        "path": "/", "title": "Hi", "referrer": "", "name": "Home"
    }  # fmt: skip
    assert found["Group Described"].context["group_id"] == "g-1"
    assert found["Person Aliased"].context["previous_id"] == "anonymous-1"


def test_the_short_names_and_every_slash_lead_to_the_same(collector, log):
    _, key = a_source("Backend")
    said = {"userId": "u", "event": "Bell Rung", "groupId": "g", "previousId": "p"}
    for path in [
        "/v1/t",
        "/v1/t/",
        "//v1/t",
        "/c/v1/t",
        "/v1/p",
        "/v1/i",
        "/v1/g",
        "/v1/a",
        "/v1/s",
    ]:
        assert collector.post(path, said, key=key).json() == {"success": True}, path
    for path in ["/v1/b", "/v1/batch/", "//v1//batch", "/v1/import"]:
        assert collector.post(path, {"batch": [a_track()]}, key=key).json() == {"success": True}
    assert len(stored(log)) == 13
    for path in ["/v1/tracks", "/v1", "/v2/batch", "/batch", "/v1/batch/x"]:
        assert collector.post(path, {}, key=key).status_code == 404
    assert httpx.get(collector.url).status_code == 200
    assert httpx.get(f"{collector.url}/").status_code == 200
    wrong = httpx.get(f"{collector.url}/v1/batch")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST, OPTIONS")


def test_a_bad_event_in_a_batch_costs_no_other_whatever_is_wrong_with_it(collector, log, settings):
    source, key = a_source("Backend")
    bad = {
        b"7": "undecodable",
        b'{"type":"track"}': "no_name",
        b'{"type":"track","event":"A","properties":[1]}': "wrong_shape",
        b'{"type":"track","event":"A","messageId":{}}': "wrong_message_id",
        b'{"type":"track","event":"A","userId":["x"]}': "wrong_id",
        b'{"type":"track","event":"A","timestamp":"soon"}': "wrong_time",
        b'{"type":"track","event":"A","timestamp":"2020-01-01"}': "wrong_time",
        b'{"type":"zap"}': "unknown_type",
        b'{"type":"identify"}': "nobody",
        b'{"type":"group","userId":"u"}': "no_group",
        b'{"type":"alias","userId":"u"}': "no_previous",
        b'{"type":"track","event":"Signed Up"}': "reserved_name",
        b'{"type":"track","event":"Person Described"}': "reserved_name",
        b'{"type":"track","event":"A","properties":{"a":"' + b"x" * 70_000 + b'"}}': "too_large",
        b'{"type":"track","event":"A","properties":{"a":' + b"[" * 70 + b"]" * 70 + b"}}": "undecodable",
        b'{"type":"track","event":"A","context":{"a":' + b"[" * 9_999 + b"]" * 9_999 + b"}}": "undecodable",
        b'{"type":"track","event":"' + b"x" * 201 + b'"}': "wrong_name",
    }  # fmt: skip
    good = json.dumps(a_track("Good Thing Done")).encode()
    body = b'{"batch":[' + b",".join([good, *bad, good]) + b"]}"
    answer = collector.post("/v1/batch", content=body, key=key)
    assert answer.status_code == 200
    said = answer.json()
    assert [each["reason"] for each in said["errors"]] == list(bad.values())
    assert [each["index"] for each in said["errors"]] == list(range(1, len(bad) + 1))
    assert (said["success"], said["refused"]) == (False, len(bad))
    assert [event.name for event in stored(log)] == ["Good Thing Done"] * 2
    rows = wait_for(lambda: Trouble.objects.filter(source=source))
    assert {row.reason for row in rows} == set(bad.values())
    assert sum(row.count for row in rows) == len(bad)
    assert all(row.words and row.first_seen_at for row in rows)


def test_what_is_no_json_by_the_letter_is_taken_and_said(collector, log):
    source, key = a_source("Backend")
    body = (
        b'{"batch":[{"type":"track","event":"A B","properties":{"n": NaN, "m": -Infinity, "a":1}},'
        b'{"type":"track","event":"N\\u0000UL","properties":{"k\\u0000":"\\ud800 \xff"}},'
        b'{"type":"track","event":"C D","properties":{"a":1e999}}], "sentAt": null}'
    )
    assert collector.post("/v1/batch", content=body, key=key).json() == {"success": True}
    assert collector.post(
        "/v1/track", content=b'{"event":"One","userId":1,"properties":{"a":NaN}}', key=key
    ).json() == {"success": True}
    found = {event.name: event.properties for event in stored(log)}
    assert found["A B"] == {"n": None, "m": None, "a": 1}
    assert found["NUL"] == {"k": "? \ufffd"}
    assert found["C D"] == {"a": None}
    assert found["One"] == {"a": None}
    noted = wait_for(lambda: Trouble.objects.filter(source=source, reason="not_a_number").first())
    assert noted.count == 3


def test_bodies_are_read_by_their_bytes(collector, log):
    _, key = a_source("Backend")
    form = "application/x-www-form-urlencoded"  # says rudder-sdk-node of its gzip
    body = json.dumps({"batch": [a_track()]}).encode()
    forms = [
        (gzip.compress(body), {"Content-Encoding": "gzip", "Content-Type": form}),
        (gzip.compress(body), {}),
        (zlib.compress(body), {"Content-Encoding": "deflate"}),
        (body, {"Content-Encoding": "gzip"}),
        (body, {"Content-Type": "text/plain"}),
        (b"\xef\xbb\xbf" + body, {"Content-Type": "application/json"}),
    ]  # fmt: skip
    for sent, headers in forms:
        answer = collector.post("/v1/batch", content=sent, key=key, headers=headers)
        assert answer.json() == {"success": True}, headers
    assert len(stored(log)) == len(forms)
    for sent in [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"batch":1}',
        gzip.compress(body)[:-9],
        b"\x1f\x8bno",
    ]:
        answer = collector.post("/v1/batch", content=sent, key=key)
        assert (answer.status_code, answer.json()["code"]) == (400, "undecodable"), sent
    assert collector.post("/v1/track", content=b"[1]", key=key).status_code == 400
    bomb = gzip.compress(b" " * (21 * 1024 * 1024))
    assert collector.post("/v1/batch", content=bomb, key=key).status_code == 413
    large = collector.post("/v1/batch", content=b" " * (10 * 1024 * 1024 + 1), key=key)
    assert (large.status_code, large.json()["code"]) == (413, "too_large")
    chunked = (b" " * 65_536 for _ in range(200))
    assert collector.post("/v1/batch", content=chunked, key=key).status_code == 413
    many = collector.post(
        "/v1/batch", {"batch": [{"type": "track", "event": "A"}] * 5_001}, key=key
    )
    assert many.status_code == 413
    assert len(stored(log)) == len(forms)  # nothing was half done
    huge = {"batch": [a_track(properties={"a": "x" * 60_000}) for _ in range(100)]}
    assert collector.post("/v1/batch", huge, key=key).json() == {"success": True}


def test_a_message_counts_once_for_each_source_however_late_it_comes_again(collector, log):
    _, key = a_source("Backend")
    _, other = a_source("Other")
    said = a_track(messageId="mine", timestamp=datetime.now(UTC).isoformat())
    for again in (
        said,
        {**said, "properties": {"n": 2}},
        {**said, "timestamp": "2026-11-30T00:00:00Z"},
    ):
        assert collector.post("/v1/batch", {"batch": [again, again]}, key=key).status_code == 200
        log.settle()
    assert len(stored(log)) == 1
    collector.post("/v1/track", said, key=other)
    assert len(stored(log)) == 2
    for odd in (7, "7", "ajs-next-1767225600000-" + "0" * 36, "x" * 5_000):
        for _ in range(2):
            assert collector.post("/v1/track", {**said, "messageId": odd}, key=key).json()[
                "success"
            ]
    assert len(stored(log)) == 5  # 7 and "7" are one
    assert {UUID(str(event.id)).version for event in stored(log)} == {8}


def test_times_are_corrected_by_the_clock_that_sent_them(collector, log):
    _, key = a_source("Backend")
    now = datetime.now(UTC)
    year = timedelta(days=365)

    def told(name, *, clock=timedelta(), ago=timedelta(hours=1), form=datetime.isoformat, **more):
        sent = now + clock
        call = a_track(name, timestamp=form(sent - ago), **more)
        assert collector.post(
            "/v1/batch", {"batch": [call], "sentAt": sent.isoformat()}, key=key
        ).json()["success"], name

    told("Year Ahead", clock=year)
    told("Year Behind", clock=-year)
    told("Ms Given", form=lambda at: int(at.timestamp() * 1000))
    told("Zone Given", form=lambda at: at.astimezone().isoformat())
    # RudderStack's SDK says on a retry when it sent the first try.
    stale = a_track("Stale Try", originalTimestamp=(now - timedelta(hours=1)).isoformat())
    collector.post(
        "/v1/batch", {"batch": [stale], "sentAt": (now - timedelta(minutes=2)).isoformat()}, key=key
    )
    collector.post("/v1/track", a_track("Future Told", timestamp=(now + year).isoformat()), key=key)
    collector.post("/v1/track", a_track("Never Told"), key=key)
    found = {event.name: event.time for event in stored(log)}
    for name in ("Year Ahead", "Year Behind", "Ms Given", "Zone Given", "Stale Try"):
        assert abs(found[name] - (now - timedelta(hours=1))) < timedelta(seconds=20), name
    for name in ("Future Told", "Never Told"):
        assert abs(found[name] - now) < timedelta(seconds=20), name


def test_strangers_and_keys_of_another_kind_are_told_so_and_nothing_is_stored(collector, log):
    _, server = a_source("Backend")
    website, key = a_source("Website", "website")
    batch = {"batch": [a_track()]}
    for answer, code in (
        (collector.post("/v1/batch", batch), "no_key"),
        (collector.post("/v1/batch", batch, headers={"Authorization": "Basic ???"}), "no_key"),
        (collector.post("/v1/batch", batch, key="sk_live_123"), "unknown_key"),
        (collector.post("/v1/batch", batch, key="x" * 9_000), "unknown_key"),
        (collector.post("/v1/batch", {**batch, "writeKey": "nobody's"}), "unknown_key"),
        (collector.post("/v1/batch", {**batch, "writeKey": 7}), "no_key"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (401, code)
        assert answer.headers["access-control-allow-origin"] == "*"
    leaked = collector.post("/v1/batch", batch, key=server, headers={"Origin": "https://a.example"})
    assert (leaked.status_code, leaked.json()["code"]) == (403, "wrong_kind")
    assert stored(log) == []
    for said in ({**batch, "writeKey": key}, {"batch": [a_track(writeKey=key)]}):
        assert collector.post("/v1/b", said).json() == {"success": True}
    assert collector.post("/v1/t", a_track(writeKey=key)).json() == {"success": True}
    website.refresh_from_db()
    Source.objects.filter(pk=website.pk).update(ended_at=datetime.now(UTC))
    ended = wait_for(
        lambda: (
            (answer := collector.post("/v1/batch", batch, key=key)).status_code == 401 and answer
        ),
        seconds=8,
    )
    assert ended.json()["code"] == "unknown_key"


def test_a_browser_speaks_for_its_own_anonymous_id_alone(collector, log):
    _, key = a_source("Website", "website")
    said = a_track(anonymousId="browser-1")
    origin = {"Origin": "https://www.example.com"}
    assert collector.post("/v1/t", said, key=key, headers=origin).json() == {"success": True}
    assert collector.post(
        "/v1/i", {"userId": "u-1", "anonymousId": "browser-1", "traits": {"admin": True}}, key=key
    ).json()["success"]
    events = stored(log)
    assert [event.person for event in events] == [None, None]
    assert {event.anonymous_id for event in events} == {"browser-1"}
    assert {(event.context["user_id"], event.context["source_kind"]) for event in events} == {
        ("u-1", "website")
    }
    assert all(later.USER not in event.context for event in events)


def test_what_browsers_ask_first_is_answered_everywhere(collector):
    _, key = a_source("Website", "website")
    for path in ("/v1/t", "/v1/batch", "/v1/projects/x/settings", "/anything"):
        asked = httpx.options(
            f"{collector.url}{path}",
            headers={"Origin": "https://a.example", "Access-Control-Request-Method": "POST",
                     "Access-Control-Request-Headers": "authorization,x-retry-count"},
        )  # fmt: skip
        assert asked.status_code == 204
        allowed = asked.headers["access-control-allow-headers"].split(", ")
        assert {"authorization", "content-type", "x-retry-count"} <= set(allowed)
        assert int(asked.headers["access-control-max-age"]) > 0
    known = httpx.get(f"{collector.url}/v1/projects/{key}/settings")
    assert known.json()["integrations"]["Segment.io"]["apiKey"] == key
    assert known.json()["integrations"]["Segment.io"]["apiHost"] == f"127.0.0.1:{collector.port}/v1"
    assert known.headers["access-control-allow-origin"] == "*"
    assert httpx.get(f"{collector.url}/v1/projects/nobody/settings").status_code == 404


def test_names_are_counted_planned_and_blocked(collector, log, settings):
    source, key = a_source("Backend")
    collector.post(
        "/v1/batch", {"batch": [a_track("Boat Moored", properties={"knots": 3})] * 3}, key=key
    )
    row = wait_for(lambda: EventName.objects.filter(name="Boat Moored").first())
    assert (row.count, row.state, row.source_id, row.example) == (
        3,
        "unplanned",
        source.pk,
        {"knots": 3},
    )
    assert row.first_seen_at
    EventName.objects.filter(pk=row.pk).update(state="planned", properties={"knots": "number"})
    time.sleep(4)
    answer = collector.post("/v1/batch", {"batch": [
        a_track("Boat Moored", properties={"knots": 3}), a_track("Boat Moored", properties={"knots": "3"}),
    ]}, key=key)  # fmt: skip
    assert answer.json() == {"success": True}
    assert sorted(event.context["plan"] for event in stored(log)) == ["planned"] + [
        "unplanned"
    ] * 3 + ["violation"]
    trouble = wait_for(lambda: Trouble.objects.filter(reason="violation").first())
    assert (trouble.name, trouble.count, trouble.words) == (
        "Boat Moored",
        1,
        "The property “knots” must be a number.",
    )
    EventName.objects.filter(pk=row.pk).update(state="blocked")
    time.sleep(4)
    answer = collector.post("/v1/track", a_track("Boat Moored"), key=key)
    assert answer.json()["errors"][0]["reason"] == "blocked"
    assert len(stored(log)) == 5
    wait_for(lambda: Trouble.objects.filter(reason="blocked", name="Boat Moored").exists())
    assert wait_for(lambda: EventName.objects.get(pk=row.pk).count == 6)


def test_a_name_of_an_app_is_checked_as_the_app_declared_it(collector, log):
    _, key = a_source("Backend")
    declared = "Parcel Weighed"  # tests.identity.collecting.serving
    wrong = a_track(declared, properties={"grams": "much"})
    batch = {"batch": [a_track(declared, properties={"grams": 7.0, "price": 19.9}), wrong]}
    answer = collector.post("/v1/batch", batch, key=key)
    assert [each["reason"] for each in answer.json()["errors"]] == ["wrong_property"]
    [event] = stored(log)
    assert (event.properties, event.context["plan"]) == ({"grams": 7, "price": "19.9"}, "planned")
    trouble = wait_for(lambda: Trouble.objects.filter(name=declared).first())
    assert trouble.reason == "wrong_property"
    assert not EventName.objects.filter(name=declared).exists()


def test_a_command_makes_a_source_and_prints_its_key(collector, log, capsys):
    call_command("create_source", "Cron", "--kind", "server")
    key = capsys.readouterr().out.strip()
    assert collector.post("/v1/track", a_track(), key=key).json() == {"success": True}
    assert not Source.objects.filter(key_hash=key).exists()
    assert basic(key)


def test_one_address_cannot_fill_the_log_with_a_key_that_everybody_reads(collector, log):
    _, key = a_source("Website", "website")
    _, server = a_source("Backend")
    at = {"X-Forwarded-For": "203.0.113.9"}
    batch = {"batch": [a_track()] * A_MINUTE}
    assert collector.post("/v1/b", batch, key=key, headers=at).status_code == 200
    over = collector.post("/v1/t", a_track(), key=key, headers=at)
    assert (over.status_code, over.headers["access-control-allow-origin"]) == (429, "*")
    assert over.headers["retry-after"].isdigit()
    assert collector.post("/v1/t", a_track(), key=key).status_code == 200
    assert collector.post("/v1/b", batch, key=server, headers=at).status_code == 200
    assert collector.post("/v1/b", batch, key=server, headers=at).status_code == 200
    assert len(stored(log)) == 3 * A_MINUTE + 1
