"""Events of threads that wait leave together, and each thread hears what became of its own."""

from __future__ import annotations

import threading
import time

import pytest

import events
from events.errors import TransportUnavailable
from events.transport.express import Together


def in_threads(count, call):
    threads = [threading.Thread(target=call, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def test_one_thread_alone_sends_at_once():
    sent = []
    Together(sent.append).send([b"a", b"b"])
    assert sent == [[b"a", b"b"]]


def test_who_comes_during_a_call_is_sent_with_the_next_one():
    calls = []

    def slowly(lines):
        calls.append(lines)
        time.sleep(0.05)

    together = Together(slowly)
    in_threads(20, lambda number: together.send([b"%d" % number]))
    assert sorted(line for lines in calls for line in lines) == sorted(b"%d" % n for n in range(20))
    assert len(calls) <= 4


def test_a_call_that_fails_fails_for_all_that_were_in_it_and_for_no_one_else():
    outcomes: dict[int, str] = {}

    def refuse_three(lines):
        time.sleep(0.01)
        if b"3" in lines:
            raise TransportUnavailable("no")

    together = Together(refuse_three, most=1)

    def send(number):
        try:
            together.send([b"%d" % number])
            outcomes[number] = "sent"
        except TransportUnavailable:
            outcomes[number] = "refused"

    in_threads(8, send)
    assert outcomes == {n: "refused" if n == 3 else "sent" for n in range(8)}


def test_a_thread_that_is_ended_while_it_sends_holds_up_nobody():
    first = threading.Event()

    def ended_once(lines):
        if not first.is_set():
            first.set()
            time.sleep(0.05)
            raise SystemExit

    together = Together(ended_once)

    def end():
        with pytest.raises(SystemExit):
            together.send([b"a"])

    ends = threading.Thread(target=end)
    ends.start()
    first.wait(5)
    together.send([b"b"])
    ends.join(5)
    assert not ends.is_alive()


def test_events_of_many_threads_are_all_stored(log, empty_outbox):
    def record(number):
        for _ in range(25):
            events.record("Door Opened", properties={"floor": number})

    in_threads(8, record)
    log.settle()
    assert len(log.ids()) == 200
