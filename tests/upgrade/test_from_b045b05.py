"""An installation of commit b045b05 that went on with 5ec79f5 and goes on with this code.

At b045b05, large batches waited in a tail of the rollups that 5ec79f5 does not read.
"""

from __future__ import annotations

import pytest

from bench import against
from tests.upgrade.conftest import SCRIPTS

pytestmark = [pytest.mark.stack, pytest.mark.thorough]

COUNTED = {"clicks": 30 + 3, "links": 12}


@pytest.fixture(scope="module")
def upgraded(commit, folder):
    """What 5ec79f5 counts on the databases of b045b05, and what the present code does with them."""
    early, later = commit("b045b05"), commit("5ec79f5")
    with against.PRESENT.running(folder, services_only=True) as services:
        schema = services.of(early).run(SCRIPTS / "make_tail.py")
        wrong = services.of(later).run(SCRIPTS / "go_on.py", schema)
        return wrong, services.run(SCRIPTS / "upgrade.py", schema)


def test_the_fault_is_there_to_be_mended(upgraded):
    wrong, _ = upgraded
    assert wrong["clicks"] < COUNTED["clicks"]
    assert wrong["links"] < COUNTED["links"]


def test_what_waited_in_the_tail_is_counted_before_and_after_the_rebuild(upgraded):
    _, now = upgraded
    assert now["before"] == COUNTED
    assert now["after"] == COUNTED


def test_a_limit_lets_nobody_in_meanwhile(upgraded):
    _, now = upgraded
    assert now["refused"]


def test_prepare_says_what_it_rebuilds_and_leaves_the_tables_of_this_version(upgraded):
    _, now = upgraded
    assert any("not all of it was counted by its definition" in line for line in now["said"])
    assert any("days" in line for line in now["said"])
    assert now["misshapen"] == []
    assert "are what the raw events say" in now["check"]
