"""Readers of one process, side by side, and the commands that people give."""

from __future__ import annotations

import io
import threading
import time

import pytest
from django.core.management import CommandError, call_command

from events.readers import Reader
from events.readers.running import Runner, beside
from tests.events.log import an_event


class Nowhere:
    """A place that keeps positions in this process: the contract asks for no database."""

    def __init__(self):
        from events.readers.place import State

        self.state_type, self.rows, self.lock = State, {}, threading.Lock()

    def held(self, reader, *, first, wait=False):
        from contextlib import contextmanager
        from dataclasses import replace
        from types import SimpleNamespace

        @contextmanager
        def hold():
            with self.lock:
                state = self.rows.get(reader) or self.state_type(first())
            state = replace(state)

            def save():
                self.rows[reader] = state

            yield SimpleNamespace(session=self, state=state, save=save, asides=lambda **_: [])

        return hold()

    def look(self, reader):
        return self.rows.get(reader), 0

    def is_away(self, error):
        return False

    def close(self):
        pass


def test_a_slow_reader_and_one_that_fails_hold_up_no_other(log):
    seen, go_on = [], threading.Event()

    def slow(events, session):
        go_on.wait(20)

    def broken(events, session):
        raise LookupError

    def quick(events, session):
        seen.extend(events)

    log.store.append([an_event() for _ in range(9)])
    readers = [
        Reader(name, handle, starts="beginning", place=Nowhere(), at_once=4)
        for name, handle in (("slow", slow), ("broken", broken), ("quick", quick))
    ]
    stop = threading.Event()
    runner = Runner(readers, store=log.store, threads=2)
    thread = threading.Thread(target=runner.run, args=[stop])
    thread.start()
    give_up_at = time.monotonic() + 15
    while len(seen) < 9 and time.monotonic() < give_up_at:
        time.sleep(0.02)
    go_on.set()
    stop.set()
    thread.join(20)
    assert not thread.is_alive()
    assert len(seen) == 9


def test_ten_readers_ask_the_store_once_for_a_page(log, monkeypatch):
    log.store.append([an_event() for _ in range(50)])
    counts = [0] * 10

    def count(number):
        def handle(events, session):
            counts[number] += len(events)

        return handle

    readers = [
        Reader(f"r{n}", count(n), starts="beginning", place=Nowhere(), at_once=20)
        for n in range(10)
    ]
    asked = []
    order = type(log.store.order)
    page = order.page
    monkeypatch.setattr(order, "page", lambda *a, **k: asked.append(page(*a, **k)) or asked[-1])
    assert Runner(readers, store=log.store).drain()
    assert counts == [50] * 10
    assert sum(bool(each.found) for each in asked) == 1


def test_the_consumer_may_have_the_readers_beside_it(log, registry):
    seen, stop = [], threading.Event()
    registry.register(
        Reader("one", lambda events, _: seen.extend(events), starts="beginning", place=Nowhere())
    )
    with beside(stop, store=log.store):
        log.store.append([an_event()])
        give_up_at = time.monotonic() + 15
        while not seen and time.monotonic() < give_up_at:
            time.sleep(0.02)
    assert len(seen) == 1
    assert stop.is_set()


def command(*arguments: str) -> str:
    out = io.StringIO()
    call_command("readers", *arguments, stdout=out)
    return out.getvalue()


def test_people_list_pause_replay_and_decide_by_a_command(log, registry, follow, place):
    log.store.append([an_event(bad=True), an_event()])
    following = follow(tries=1, at_once=1)
    assert "has never run" in command("list")
    for _ in range(3):
        following.step()
    assert "2 events" not in command("list")
    assert "test: at" in command("list")
    assert "1 events, 0 behind, 1 aside" in command("list")
    assert "division by zero" in command("aside", "test")
    assert command("retry", "test") == "0 handled, 1 still aside\n"
    assert command("drop", "test") == "1 dropped\n"
    command("pause", "test")
    assert command("list").endswith("paused\n")
    command("resume", "test")
    command("replay", "test", "2020-01-01T00:00Z")
    assert "2 behind" in command("list")
    command("replay", "test", "beginning")


@pytest.mark.parametrize("since", ["yesterday", "2026-11-30T09:00", "2026-13-30T09:00Z"])
def test_an_instant_without_a_zone_is_refused(registry, since):
    registry.register(Reader("one", print, place=Nowhere()))
    with pytest.raises(CommandError, match="no instant with a zone"):
        command("replay", "one", since)


def test_a_reader_that_nobody_knows_is_refused_by_its_name(registry):
    with pytest.raises(CommandError, match="There is no reader nobody"):
        command("pause", "nobody")
