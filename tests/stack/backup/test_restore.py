"""A server that is lost comes back to the second; a workspace comes back from yesterday."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from plg_site.devstack.programs import without_made_up, without_services
from plg_site.devstack.stack import Stack
from tests.stack.backup import drill
from tests.stack.backup.drill import Seen

pytestmark = [pytest.mark.stack, pytest.mark.thorough]

MOST_LOST = 60.0  # seconds


@pytest.fixture(
    scope="module",
    params=[20, pytest.param(500, marks=pytest.mark.endurance)],
    ids="{} schemas".format,
)
def seen(request) -> Iterator[Seen]:
    environ = without_services(without_made_up(os.environ)) | {"POOL_MAX": "600"}
    stack = Stack(Path(tempfile.mkdtemp(prefix="plg-")), throw_away=True, environ=environ)
    with stack.start(services_only=True), drill.played(stack, schemas=request.param) as found:
        yield found


def test_every_schema_is_what_it_was_at_that_moment(seen: Seen):
    main = seen.there["plg"]
    assert len([schema for schema in main if schema not in ("public",)]) >= 20
    assert seen.found["plg"].keys() == main.keys()
    assert [name for name in main if seen.found["plg"][name] != main[name]] == []


def test_the_log_of_events_is_what_it_was(seen: Seen):
    assert seen.found["plg_events"] == seen.there["plg_events"]
    assert seen.there["plg_events"]


def test_at_most_a_minute_is_lost_with_the_server_and_its_disk(seen: Seen):
    assert seen.last_number >= seen.received > 0
    assert seen.last_written - seen.last_found <= MOST_LOST


def test_statements_are_sealed_as_they_were(seen: Seen):
    assert seen.again["statements"] == "1 chains are whole.\n"


def test_usage_and_content_are_those_of_the_moment(seen: Seen):
    assert seen.said["used"]["clicks"] >= 25
    assert seen.damaged["links"] == 0
    assert {**seen.restored, "used": None} == {**seen.said, "used": None}
    assert seen.again["before"] == seen.said["used"]


def test_without_redis_limits_hold_by_what_the_log_says(seen: Seen):
    assert seen.said["used"]["links"] == 3
    assert seen.again["let_in"] == 1  # of four


def test_what_was_stored_and_comes_again_is_not_counted_twice(seen: Seen):
    assert seen.again["after"] == seen.again["before"]


def test_a_workspace_of_yesterday_comes_back_beside_the_damaged_one(seen: Seen):
    back = seen.brought_back
    assert back["links"] == seen.said["links"]
    assert back["files"] == seen.said["files"] != {}
    assert back["members"] == seen.said["members"]
    assert len(back["members"]) == 2
    for meter in (
        "links",
        "storage",
        "seats",
    ):  # what is there now; what happened stays where it did
        assert back["used"].get(meter) == seen.said["used"].get(meter)
    assert back["keys"] == []  # made anew: nobody has their secrets
    assert back["used"]["clicks"] == 0


def test_the_scripts_say_what_they_did_and_doctor_can_know(seen: Seen):
    assert "told of base main --bytes" in seen.tended["base"]
    assert "needs WAL from 0000" in seen.tended["list"]
    assert "WAL until 0000" in seen.tended["list"]
    assert seen.tended["wal"] == "WAL of main is being received"
    assert "copy of files of files" in seen.reports


def test_a_check_finds_damage_and_gaps(seen: Seen):
    assert "whole, and so is WAL until" in seen.tended["verify"]
    assert "pg_waldump: error" in seen.tended["gap"]
    assert "PG_VERSION" in seen.tended["damage"]
