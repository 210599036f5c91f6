"""People are made pseudonymous: their events stay, all counts stay, and nothing says who it was."""

from __future__ import annotations

import json
import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from pyarrow import parquet
from uuid_utils.compat import uuid7

from events import steps
from events.event import Event
from events.store import get_store, maintenance, pseudonyms, shelf
from events.store.batch_order import BEGINNING
from events.store.retention import Retention
from tests.events.log import Log, an_event, both_stores
from tests.forked import killed_in

NOW = datetime.now(UTC).replace(hour=12)
DAY = timedelta(days=1)
ADA, ADA_TOO, BOB = UUID(int=0xADA0 << 64), UUID(int=0xADA1 << 64), UUID(int=0xB0B << 64)
LAPTOP, PHONE = "laptop-of-ada", "phone-of-ada"
MAIL, PHONE_NUMBER, USER = 'ada "the first" lovelace_100%@acme.example', "+44 20 7946 0000", "17"
WORDS = [MAIL, PHONE_NUMBER, USER]
STEPS = ["begun", "day-written", "day", "file", "projected", "ending"]


@pytest.fixture(autouse=True)
def thirty_days(settings, tmp_path):
    settings.EVENTS_RETENTION_DAYS = 30
    settings.EVENTS_ARCHIVE_DIR = tmp_path / "archive"


def rewrite(name, properties, context, is_theirs):
    """As a caller's: mentions go, and of Ada's own letters everything that was written."""
    told = cleared(properties), cleared(context)
    return ({"length": 3, **told[0]}, told[1]) if name == "Letter Written" else told


def cleared(value):
    if isinstance(value, dict):
        return {cleared(key): cleared(each) for key, each in value.items()}
    if isinstance(value, list):
        return [cleared(each) for each in value]
    if not isinstance(value, str) or value == USER:
        return "erased" if value == USER else value
    for word in (MAIL, PHONE_NUMBER, str(ADA), str(ADA_TOO)):
        value = value.replace(word, "erased")
    return value


def of(
    person=None, browser=None, *, days=0, name="Letter Written", tenant="w_acme", **said
) -> Event:
    event = an_event(name, time=NOW - days * DAY, tenant=tenant, **said)
    return msgspec.structs.replace(
        event, person=person, anonymous_id=browser, context={"ip": "10.0.0.1"}
    )


@pytest.fixture
def told(log: Log) -> list[Event]:
    """Events of Ada, who came as two persons and from two browsers, and of others, who speak of her; those of
    a month ago lie in files."""
    events = []
    for days in (0, 1, 5, 40, 41):
        events += [
            of(ADA, LAPTOP, days=days, to=MAIL, amount=1.1, big=2**62, deep={"a": [MAIL, None]}),
            of(ADA_TOO, days=days, tenant=None, number=17, user=USER),
            of(None, PHONE, days=days, tenant="w_globex", text='tab\t"quote"\\ end\n ä世'),
            of(BOB, LAPTOP, days=days, name="Page Viewed", path=f"/{USER}/{days}"),
            of(BOB, "another", days=days, name="Member Invited", who=MAIL, by=[PHONE_NUMBER]),
            of(BOB, "another", days=days, name="Called", note=f"Said: {PHONE_NUMBER}!"),
            of(BOB, "another", days=days, name="Paid", sum=1700, text="17 of 1717"),
            of(days=days, name="Link Clicked", code="x"),
        ]  # fmt: skip
    events.sort(key=lambda event: event.id)
    log.store.append(events[:25])
    log.store.append(events[25:])
    log.store.maintain(NOW)
    assert len(maintenance.run(now=NOW)) == 2
    return events


def pseudonymise(words=WORDS):
    return get_store().erasing.pseudonymise([ADA, ADA_TOO], [LAPTOP, PHONE], words, rewrite=rewrite)


def everything(log: Log) -> dict[UUID, tuple[int, Event]]:
    """Each event with its batch, from the log and from files, in the order of storing."""
    found, mark = [], BEGINNING
    while (page := log.store.order.page(mark, names=None, most=17)).end != mark:
        found += page.found
        mark = page.end
    ids = [event.id for _, event in found]
    assert len(ids) == len(set(ids))
    return {event.id: (number, event) for number, event in found}


def written(log: Log) -> str:
    """All rows of all tables, and of all files, as text."""
    texts = []
    with log.store.connection() as connection:
        if log.store.kind == "clickhouse":
            tables = [name for (name,) in connection.query("SHOW TABLES").result_rows]
            for table in tables:
                query = f"SELECT * FROM {table}"  # noqa: S608
                found = connection.raw_query(query, fmt="TabSeparatedRaw")
                texts.append(found.decode(errors="replace"))
        else:
            tables = [
                name
                for (name,) in connection.execute(
                    "SELECT relname FROM pg_class"
                    " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
                )
            ]
            for table in tables:
                rows = connection.execute(f"SELECT t::text, to_jsonb(t)::text FROM {table} AS t")  # noqa: S608
                texts += [text for row in rows.fetchall() for text in row]
    for file in shelf.chosen().files():
        texts += [
            json.dumps(row, default=str, ensure_ascii=False)
            for row in parquet.read_table(file.path).to_pylist()
        ]
    return "\n".join(texts)


def spelled(word: str) -> list[str]:
    """As it is, and inside of JSON, and inside of JSON in JSON."""
    once = json.dumps(word, ensure_ascii=False)[1:-1]
    return [word, once, json.dumps(once, ensure_ascii=False)[1:-1]]


def check(log: Log, before: dict[UUID, tuple[int, Event]]) -> None:
    after = everything(log)
    assert list(after) == list(before)
    stays = ("id", "name", "time", "received_at", "tenant")
    for key, (number, old) in before.items():
        batch, new = after[key]
        assert batch == number
        assert [getattr(new, each) for each in stays] == [getattr(old, each) for each in stays]
        if old.person == BOB and old.anonymous_id == LAPTOP:
            assert (new.person, new.properties) == (BOB, old.properties)
            assert new.anonymous_id not in (LAPTOP, None)
        elif old.person == BOB or old.person == old.anonymous_id:
            assert (new.person, new.anonymous_id) == (old.person, old.anonymous_id)
            assert (new.properties, new.context) == rewrite(
                old.name, old.properties, old.context, False
            )
    for column in ("person", "anonymous_id"):
        pairs = {
            (getattr(before[key][1], column), getattr(after[key][1], column)) for key in before
        }
        assert len(pairs) == len({old for old, _ in pairs}) == len({new for _, new in pairs})
    text = written(log)
    for word in (MAIL, PHONE_NUMBER, LAPTOP, PHONE, str(ADA), ADA.hex, str(ADA_TOO), ADA_TOO.hex):
        assert not any(each in text for each in spelled(word)), word
    assert USER not in [value for _, event in after.values() for value in event.properties.values()]
    assert log.store.timeline([ADA, ADA_TOO], [LAPTOP, PHONE], before=None, limit=10).events == []


@both_stores
def test_events_stay_as_many_and_nothing_is_left_of_who_it_was(log, told):
    before = everything(log)
    behind = log.store.order.page(BEGINNING, names=None, most=3).end
    said = pseudonymise()
    assert (said.events, said.archived) == (6 * 3, 6 * 2)
    check(log, before)
    after = everything(log)
    page = log.store.order.page(behind, names=None, most=100)
    assert [each for _, each in page.found] == [event for _, event in after.values()][3:]
    new = {after[event.id][1].person for event in told if event.person == ADA}
    shown = log.store.timeline(list(new), [], before=None, limit=100)
    assert {event.id for event in shown.events} == {
        event.id for event in told if event.person == ADA
    }
    again = pseudonymise()
    assert (again.events, again.projected, again.archived) == (0, 0, 0)
    assert everything(log) == after


@both_stores
def test_a_file_holds_what_it_says_and_comes_back_as_it_is_now(log, told):
    before = everything(log)
    pseudonymise()
    for file in shelf.chosen().files():
        assert log.store.retention.restore(Path(str(file))) == 8
    check(log, before)


@both_stores
@pytest.mark.parametrize("at", STEPS)
def test_killed_at_any_step_the_next_call_goes_on_with_the_same_ids(log, told, at):
    before = everything(log)
    killed(log, f"pseudonymise.{at}")
    assert len(everything(log)) == len(before)
    pseudonymise()
    check(log, before)


def test_a_day_that_is_leaving_is_rewritten_too(log, told):
    log.store.append([of(ADA, days=50, to=MAIL)])
    day = (NOW - 50 * DAY).date()
    assert Retention(log.store, shelf.chosen()).detach(day)
    before = everything(log)
    pseudonymise()
    check(log, before)


@both_stores
def test_more_words_than_are_looked_for_at_once_are_refused(log):
    with pytest.raises(ValueError, match="At most"):
        pseudonymise([str(uuid7()) for _ in range(pseudonyms.MOST_WORDS + 1)])


def killed(log: Log, at: str) -> None:
    """A child that pseudonymises, and dies at this step."""

    def work() -> None:
        steps._STOP_AT = at
        steps._wait_to_be_killed = lambda name: os.kill(os.getpid(), signal.SIGKILL)
        pseudonymise()

    killed_in(work)
    if log.store.kind == "clickhouse":  # as when the dead one's turn has run out
        log.redis.hset(f"{{{log.keys.stream}}}:store", "until", 0)
