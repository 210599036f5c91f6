"""Leases of a counter, taken by several holders against a real Redis: never more than the limit."""

from __future__ import annotations

import itertools
import mmap
import os
import signal
import time

import pytest
import redis
from django.conf import settings as django_settings
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from uuid_utils.compat import uuid7

from events.redis.redis_client import patient
from metering import Limit
from metering.definitions.catalogue import meters
from metering.periods import LIFETIME
from metering.quotas import counters
from metering.quotas.filling import Counter, ask
from metering.quotas.leases import Leases
from tests.conftest import an_old_life

SECONDS = 0.03
METER = "links"
HOLDERS = st.integers(0, 2)


def _redis() -> redis.Redis:
    return patient(django_settings.REDIS_URL)


class World:
    """A meter with a hard limit, its log, and what processes do with it.

    What is allowed is recorded at once; `log` is the truth that counters are made from.
    """

    def __init__(self, limit: int) -> None:
        self.schema = f"w_{uuid7().hex}"
        self._log = memoryview(mmap.mmap(-1, 8 * 8)).cast("q")  # a number for each process
        self.process = 0
        self.limit = limit
        self._earlier: list[tuple[float, int]] = []  # until when a limit may still be leased from
        self.remember_limit()

    @property
    def log(self) -> int:
        return sum(self._log)

    def record(self, amount: int) -> None:
        self._log[self.process] += amount

    def ask(self, leases: Leases, amount: int) -> bool:
        counter = Counter(
            key=(self.schema, METER),
            period=LIFETIME,
            limits=self.limits,
            used=lambda: self.log,
        )
        held = leases.spend(counter.key, amount, now=time.time())
        decision = held or ask(leases, counter, amount, now=time.time())
        if decision.allowed:
            self.record(amount)
        return decision.allowed

    def limits(self) -> dict[str, Limit]:
        return {key: Limit(None) for key in meters()} | {METER: Limit(self.limit)}

    def set_limit(self, limit: int) -> None:
        self.limit, earlier = limit, self.limit
        self.remember_limit()
        self._earlier.append((time.monotonic() + SECONDS, earlier))

    def remember_limit(self) -> None:
        counters.remember_limits(self.schema, self.limits())

    def most(self) -> int:
        """What may be used: a lease of the time before a lower limit lives on for a moment."""
        now = time.monotonic()
        self._earlier = [(until, limit) for until, limit in self._earlier if until > now]
        return max([self.limit, *(limit for _, limit in self._earlier)])

    def release(self, amount: int) -> None:
        self.record(-amount)
        counters.give_back(self.schema, METER, LIFETIME.key, amount=amount)

    def lose_all_data(self) -> None:
        limits = counters._limits_key(self.schema)
        counter = counters._counter_key(self.schema, METER, LIFETIME.key)
        _redis().delete(limits, counter, f"{django_settings.QUOTA_PREFIX}-life")


def a_holder(seconds: float = SECONDS) -> Leases:
    return Leases(seconds=seconds, returns_by_itself=False)


@pytest.fixture
def world(settings, request):
    """Counters of their own, which find dead holders within milliseconds."""
    settings.QUOTA_PREFIX = f"test-{uuid7().hex}-quota"
    settings.QUOTA_RECORDED_WITHIN = 2 * SECONDS
    an_old_life(_redis())
    yield World
    for key in _redis().scan_iter(f"{settings.QUOTA_PREFIX}*", count=10_000):
        _redis().delete(key)


def use_up(world: World, leases: list[Leases], *, within: float = 3.0) -> None:
    """Take one by one, in turn, until the limit is reached."""
    until, turns = time.monotonic() + within, itertools.cycle(leases)
    while world.log < world.limit and time.monotonic() < until:
        if not world.ask(next(turns), 1):
            time.sleep(SECONDS / 3)


class Processes(RuleBasedStateMachine):
    """Three processes that use, give back, crash and forget, while Redis and limits come and go."""

    @initialize(limit=st.integers(0, 400), used=st.integers(0, 20))
    def begin(self, limit: int, used: int) -> None:
        self.world = World(limit)
        self.world.record(min(used, limit))
        self.holders = [a_holder() for _ in range(3)]

    @rule(who=HOLDERS, amounts=st.lists(st.integers(1, 40), min_size=1, max_size=12))
    def use(self, who: int, amounts: list[int]) -> None:
        for amount in amounts:
            before, most = self.world.log, self.world.most()
            if self.world.ask(self.holders[who], amount):
                assert before + amount <= max(most, self.world.most())

    @rule(amount=st.integers(1, 10))
    def give_back(self, amount: int) -> None:
        self.world.release(min(amount, self.world.log))

    @rule(who=HOLDERS)
    def crash(self, who: int) -> None:
        self.holders[who] = a_holder()

    @rule(who=HOLDERS)
    def return_what_is_over(self, who: int) -> None:
        self.holders[who].return_ended()

    @rule(who=HOLDERS)
    def forget_the_limits(self, who: int) -> None:
        _redis().delete(counters._limits_key(self.world.schema))

    @rule()
    def lose_redis(self) -> None:
        self.world.lose_all_data()

    @rule(limit=st.integers(0, 400))
    def change_the_limit(self, limit: int) -> None:
        self.world.set_limit(limit)

    @rule(part=st.sampled_from([0.1, 0.5, 1.1, 2.2]))
    def wait(self, part: float) -> None:
        time.sleep(part * SECONDS)

    @invariant()
    def nothing_is_negative(self) -> None:
        assert not hasattr(self, "world") or self.world.log >= 0

    def teardown(self) -> None:
        if hasattr(self, "world"):
            use_up(self.world, self.holders)
            assert self.world.log >= self.world.limit, "something stays out of everybody's reach"
            while self.world.most() > self.world.limit:  # leases of the time before a lower limit
                time.sleep(SECONDS / 3)
            assert not self.world.ask(self.holders[0], 1)


def test_no_interleaving_admits_too_much_and_nothing_is_out_of_reach_for_long(world):
    run_state_machine_as_test(
        Processes,
        settings=settings(
            max_examples=25,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_hot_meter_is_decided_in_memory(world):
    mine, leases = world(1_000_000), a_holder(5.0)
    for _ in range(3):
        assert mine.ask(leases, 1)
    key = (mine.schema, METER)
    assert leases.spend(key, 1, now=time.time()) is not None


def test_the_last_ones_are_reserved_by_nobody(world):
    mine, holders = world(10), [a_holder(), a_holder()]
    assert [mine.ask(holders[n % 2], 1) for n in range(12)] == [True] * 10 + [False] * 2


def test_what_is_left_of_a_lease_goes_back_when_it_ends(world):
    mine, one, other = world(160), a_holder(), a_holder()
    while one.spend((mine.schema, METER), 0, now=time.time()) is None:
        assert mine.ask(one, 1)
    time.sleep(1.1 * SECONDS)
    one.return_ended()
    use_up(mine, [other], within=0.5)
    assert mine.log == 160


def test_a_lease_ends_by_itself_and_comes_back_without_anybody_asking(world):
    mine = world(1_600)
    one, other = Leases(seconds=SECONDS), a_holder()
    for _ in range(5):
        mine.ask(one, 1)
    time.sleep(0.1 + 3 * SECONDS)
    while mine.ask(other, 1):
        pass
    assert mine.log == 1_600


def test_what_a_dead_holder_had_is_found_again(world):
    mine, dead, other = world(1_600), a_holder(), a_holder()
    for _ in range(20):
        mine.ask(dead, 1)
    use_up(mine, [other])
    assert mine.log == 1_600
    assert not mine.ask(other, 1)


def test_after_a_loss_nothing_is_granted_until_old_leases_are_over(world):
    mine, one, other = world(1_600), a_holder(), a_holder()
    for _ in range(20):
        mine.ask(one, 1)
    mine.lose_all_data()
    mine.remember_limit()
    began = time.monotonic()
    assert mine.ask(other, 1)
    assert time.monotonic() - began >= 2 * SECONDS - 0.005


def test_a_counter_that_was_made_in_an_earlier_life_of_redis_does_not_count(world):
    mine = world(10)
    born, _ = counters.life()
    mine.lose_all_data()
    counters.fill(mine.schema, METER, LIFETIME.key, used=9, born=born)
    mine.remember_limit()
    assert use_up_alone(mine, a_holder()) == 10, "what was filled in is nothing to anybody"


def use_up_alone(mine: World, leases: Leases) -> int:
    while mine.ask(leases, 1):
        pass
    return mine.log


def test_what_was_allowed_without_the_counter_counts_when_it_is_back(world):
    """Redis was not to be reached, or full, and has lost nothing: the counter is there as it was."""
    mine, alone, other = world(20), a_holder(), a_holder()
    assert mine.ask(alone, 5)
    assert mine.ask(other, 5)
    mine.record(7)
    alone.allowed_alone((mine.schema, METER, LIFETIME.key))
    began = time.monotonic()
    assert mine.ask(alone, 1)
    assert time.monotonic() - began >= 2 * SECONDS - 0.005, "leases of others end before"
    assert mine.ask(other, 2)
    assert not mine.ask(other, 1)
    assert not mine.ask(alone, 1)
    assert mine.log == 20


def test_a_doubt_that_could_not_be_said_is_kept(world, monkeypatch):
    mine, alone = world(20), a_holder()
    mine.record(20)
    name = (mine.schema, METER, LIFETIME.key)
    counters.fill(*name, used=0, born=counters.life()[0])
    alone.allowed_alone(name)
    with monkeypatch.context() as away:
        away.setattr(django_settings, "REDIS_URL", "redis://127.0.0.1:1/0")
        with pytest.raises(counters.CountersUnavailable):
            mine.ask(alone, 1)
    assert not mine.ask(alone, 1)


def test_a_lease_of_an_earlier_period_is_not_spent_in_the_next(world):
    mine, leases = world(1_000), a_holder(5.0)
    for _ in range(5):
        mine.ask(leases, 1)
    key = (mine.schema, METER)
    assert leases.spend(key, 1, now=time.time())
    leases._open[key].ends_at = time.time() - 1  # as at midnight
    assert leases.spend(key, 1, now=time.time()) is None


def test_processes_that_are_killed_never_admit_too_much(world):
    mine = world(3_000)
    assert mine.ask(a_holder(), 1)
    children = [_child(mine, number) for number in range(1, 5)]
    time.sleep(0.15)
    for pid in children[:2]:
        os.kill(pid, signal.SIGKILL)
    for pid in children:
        os.waitpid(pid, 0)
    assert mine.log <= 3_000
    use_up(mine, [a_holder()])
    assert mine.log == 3_000


def _child(world: World, number: int) -> int:
    """A process that takes one after the other, until it was refused for a while."""
    pid = os.fork()
    if pid:
        return pid
    try:
        world.process = number
        leases, refused_since = Leases(seconds=SECONDS), None
        while refused_since is None or time.monotonic() - refused_since < 3 * SECONDS:
            if world.ask(leases, 1):
                refused_since = None
            else:
                refused_since = refused_since or time.monotonic()
                time.sleep(0.005)
        leases.return_ended(all_of_them=True)
    finally:
        os._exit(0)
