"""First come, first served, so many a second: with a clock that is moved, nobody waits."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
import redis
from django.conf import settings as django_settings

from tenants.signing_up import line
from tenants.signing_up.line import Turn

NOON = 1_796_126_400.0


@pytest.fixture(autouse=True)
def empty_line(settings):
    settings.SIGNUPS_FROM_WAITING_ROOM = "5/s"
    client = redis.Redis.from_url(django_settings.REDIS_URL)

    def forget() -> None:
        client.delete(*line._keys())

    forget()
    yield
    forget()


def come(number: int, *, now: float = NOON) -> list[line.Place]:
    """So many new ones, one after the other."""
    return [line.ask(now=now) for _ in range(number)]


def test_a_thousand_are_let_in_in_their_order_five_a_second_and_nobody_twice():
    places = come(1_000)
    line_name, entered, now, per_look = places[0].line, [], NOON, []
    waiting = []
    for place in places:
        (entered if place.turn is Turn.IN else waiting).append(place.number)
    assert len(entered) == 5  # who comes first does not wait
    while waiting:
        now += 2.0
        before = len(entered)
        # All look again, the last one first: it must make no difference.
        answers = {n: line.ask(line_name, n, now=now).turn for n in reversed(waiting)}
        answers |= {n: line.ask(line_name, n, now=now).turn for n in waiting}
        entered += [n for n in waiting if answers[n] is Turn.IN]
        waiting = [n for n in waiting if answers[n] is not Turn.IN]
        per_look.append(len(entered) - before)
        assert now < NOON + 1_000
    assert entered == sorted(entered)
    assert entered == [place.number for place in places]
    assert set(per_look[:-1]) == {5}  # a burst of one second, however seldom somebody looks


def test_the_rate_is_kept_when_somebody_looks_often():
    name = come(300)[0].line
    now = NOON
    for _ in range(400):  # 20 s
        now += 0.05
        line.ask(name, 300, now=now)
    entered = [n for n in range(1, 301) if line.ask(name, n, now=now).turn is Turn.IN]
    assert entered == list(range(1, len(entered) + 1))
    assert 104 <= len(entered) <= 106  # 5, and 5 a second


def test_a_place_is_kept_however_often_one_asks():
    name = come(50)[0].line
    asked = [line.ask(name, 40, now=NOON) for _ in range(10)]
    assert {each.number for each in asked} == {40}
    assert {each.ahead for each in asked} == {35}
    assert asked[0].seconds == 7
    assert line.ask(now=NOON).number == 51


def test_who_has_left_is_passed_over_and_takes_nothing_of_the_rate():
    name = come(100)[0].line
    later = NOON + line.PATIENCE + 1
    line.ask(name, 100, now=later - 2)  # only the last one is there
    assert line.ask(name, 100, now=later).turn is Turn.IN
    back = line.ask(name, 50, now=later)
    assert back.number == 101  # who left begins anew


def test_a_turn_is_good_for_one_and_ends():
    place = come(1)[0]
    assert place.turn is Turn.IN
    assert line.use(place.line, place.number, now=NOON)
    assert not line.use(place.line, place.number, now=NOON)
    again = line.ask(place.line, place.number, now=NOON)
    assert again.number != place.number
    late = come(1)[0]
    assert not line.use(late.line, late.number, now=NOON + line.STAYS + 1)


def test_of_many_who_use_one_ticket_at_the_same_moment_one_gets_in():
    place = come(1)[0]
    begins, got = threading.Barrier(8), []

    def use() -> None:
        begins.wait(30)
        got.append(line.use(place.line, place.number, now=NOON))

    threads = [threading.Thread(target=use) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert Counter(got) == {True: 1, False: 7}


def test_a_turn_that_is_given_back_is_good_again():
    place = come(1)[0]
    assert line.use(place.line, place.number, now=NOON)
    line.give_back(place.line, place.number, now=NOON)
    assert line.use(place.line, place.number, now=NOON)


def test_who_does_not_wait_cannot_get_in():
    places = come(10)
    assert places[-1].turn is Turn.WAITS
    assert not line.use(places[-1].line, places[-1].number, now=NOON)


def test_a_ticket_of_a_line_that_redis_has_lost_is_none():
    place = come(3)[-1]
    redis.Redis.from_url(django_settings.REDIS_URL).delete(*line._keys())
    anew = line.ask(place.line, place.number, now=NOON)
    assert (anew.number, anew.line == place.line) == (1, False)
    assert not line.use(place.line, 1, now=NOON)


def test_a_full_line_takes_nobody_more_and_keeps_who_is_in_it(monkeypatch):
    monkeypatch.setattr(line, "MOST", 10)
    places = come(20)
    assert [each.turn for each in places[:5]] == [Turn.IN] * 5
    assert {each.turn for each in places[15:]} == {Turn.FULL}
    assert line.ask(places[0].line, 10, now=NOON).turn is Turn.WAITS
