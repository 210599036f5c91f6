"""What cannot be stored waits for a decision, with its reason."""

import pytest
from django.core.management import CommandError, call_command

from events.consuming import dead_letters
from events.errors import StoreUnavailable
from tests.events.log import an_event

pytestmark = pytest.mark.usefixtures("empty_outbox")
NEWS = b'{"id": "no-uuid"}'


@pytest.fixture
def letters(log):
    """One that can never be stored, and two that were refused for a reason that has gone."""
    good = [an_event("Door Opened", floor=n) for n in range(2)]
    log.reader().bury([(NEWS, "undecodable: no uuid")])
    log.reader().bury([(event.encode(), "unstorable: a missing table") for event in good])
    return good


def test_a_replay_stores_what_can_be_stored_and_keeps_what_fails_again(log, letters):
    assert dead_letters.replay() == (2, 1)
    assert log.ids() == [event.id for event in letters]
    [(line, reason)] = log.dead()
    assert line == NEWS
    assert reason.startswith("undecodable: Invalid UUID")


def test_a_replay_of_what_was_stored_meanwhile_counts_nothing_twice(log, letters):
    log.store.append(letters)
    assert dead_letters.replay(reason="unstorable") == (2, 0)
    assert dead_letters.replay(reason="unstorable") == (0, 0)
    assert len(log.ids()) == 2
    assert log.query("SELECT sum(count) FROM rollup_day") == [(None,)]


def test_only_those_of_a_reason_are_replayed_or_dropped(log, letters):
    assert dead_letters.replay(reason="unstorable") == (2, 0)
    assert dead_letters.drop(reason="unstorable") == 0
    assert dead_letters.drop(reason="undecodable") == 1
    assert log.dead() == []


def test_the_command_lists_each_with_its_reason_and_counts_them(log, letters, capsys):
    call_command("dead_letters", "list")
    shown = capsys.readouterr().out
    assert "undecodable: no uuid" in shown
    assert NEWS.decode() in shown
    assert "3 dead letters. unstorable: 2, undecodable: 1" in shown
    call_command("dead_letters", "replay")
    assert "2 stored, 1 still dead" in capsys.readouterr().out


def test_the_command_drops_nothing_without_being_told_which(log, letters):
    with pytest.raises(CommandError):
        call_command("dead_letters", "drop")
    call_command("dead_letters", "drop", all=True)
    assert log.dead() == []


def test_dead_letters_are_never_pushed_out_by_newer_ones(log):
    log.reader().bury([(NEWS, "one"), (NEWS, "two")])
    log.redis.xadd(log.keys.stream, {"e": NEWS})
    log.consumer(reader=log.reader(dead_most=2)).step()
    assert [reason for _, reason in log.dead()] == ["one", "two"]
    assert log.waiting() == 1
    log.settle()
    assert len(log.dead()) == 3
    assert log.waiting() == 0


def test_a_store_that_refuses_everything_buries_nothing(log):
    with log.store.connection() as connection:
        connection.execute("ALTER TABLE event ADD CONSTRAINT broken CHECK (name = '') NOT VALID")
    try:
        good = [an_event("Door Opened", floor=n) for n in range(150)]
        for event in good:
            log.redis.xadd(log.keys.stream, {"e": event.encode()})
        log.consumer("first").step()
        assert log.dead() == []
        assert log.waiting() == 150
    finally:
        with log.store.connection() as connection:
            connection.execute("ALTER TABLE event DROP CONSTRAINT broken")
    log.settle()
    assert sorted(log.ids()) == [event.id for event in good]


def test_a_replay_waits_for_a_store_that_is_away(log, letters, settings):
    settings.EVENTS_DATABASE_URL = "postgres://nobody@127.0.0.1:1/none"
    with pytest.raises(StoreUnavailable):
        dead_letters.replay(reason="unstorable")
    assert len(log.dead()) == 3
