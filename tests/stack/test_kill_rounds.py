"""kill -9 of everything at random moments under load: nothing acknowledged is lost or doubled."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import psycopg
import pytest
import redis

from plg_site.devstack import programs
from plg_site.devstack.stack import Stack
from plg_site.devstack.supervisor import NotReady
from tests.stack.survival import load, truth

pytestmark = [pytest.mark.stack, pytest.mark.thorough]

# A round takes some two seconds.
ROUNDS = [12, pytest.param(100, marks=pytest.mark.endurance)]
SECOND = "events-2"  # the name of the second consumer's process
# How often each is killed; web takes longest to come back, and without it there is less load.
VICTIMS = {"web": 1, "events": 3, SECOND: 3, "redis": 3, "postgres": 3}
RATE = 300  # events a second that are recorded besides the requests
STREAM, GROUP = "events", "store"


@pytest.fixture
def second_consumer(stack: Stack) -> Iterator[None]:
    stack.supervisor.start(replace(programs.events(stack.env), name=SECOND))
    stack.wait_until_ready(SECOND)
    yield
    stack.kill(SECOND, stay_down=True)


@contextmanager
def a_seed(stack: Stack) -> Iterator[random.Random]:
    """A failure says how to repeat it, and what the consumers said last."""
    seed = int(os.environ.get("KILL_SEED") or random.randrange(1_000_000))  # noqa: S311
    try:
        yield random.Random(seed)  # noqa: S311
    except Exception as error:
        for name in VICTIMS:
            error.add_note("\n".join([name, *stack.log.recent(name)[-12:]]))
        error.add_note(f"KILL_SEED={seed}")
        raise


@pytest.mark.parametrize("rounds", ROUNDS)
def test_kills_at_random_moments_lose_nothing_and_double_nothing(
    stack, second_consumer, tmp_path, capsys, rounds
):
    workspace = load.furnish(stack, f"killed-{rounds}")
    killed: Counter[str] = Counter()
    with a_seed(stack) as dice:
        with load.under_load(stack, workspace, tmp_path, rate=RATE, clickers=4) as done:
            for _ in range(rounds):
                time.sleep(dice.uniform(0.1, 1.5))
                up = [name for name in VICTIMS if stack.process(name).pid]
                victim = dice.choices(up, [VICTIMS[name] for name in up])[0]
                stack.kill(victim)
                killed[victim] += 1
            kill_one_that_holds_entries(stack)
        all_must_be_back(stack)
        said = truth.must_hold(stack, workspace, done)
    with capsys.disabled():
        print(f"\n  {rounds} rounds: {dict(killed)}; {len(done.kept)} recorded,", end=" ")
        print(f"{len(done.clicks_kept)} of {len(done.clicks_tried)} clicks,", end=" ")
        print(f"{done.links_made} links, {done.links_refused} refused; at the end {said}")


def all_must_be_back(stack: Stack) -> None:
    """PostgreSQL that was killed in its recovery needs a few attempts: what it had forked ends late."""
    until = time.monotonic() + load.PATIENCE
    for name in VICTIMS:
        while True:
            try:
                stack.wait_until_ready(name)
                break
            except NotReady:
                assert time.monotonic() < until, f"{name} does not come back"
                time.sleep(0.5)


def kill_one_that_holds_entries(stack: Stack) -> None:
    """The store is held still, so that a consumer surely has entries in hand when it dies."""
    all_must_be_back(stack)
    until = time.monotonic() + load.PATIENCE
    while not _kill_a_holder(stack):
        assert time.monotonic() < until, "no consumer takes entries"


def _kill_a_holder(stack: Stack) -> bool:
    """False when both consumers are held up by something else that they move, such as the outbox."""
    stream = redis.Redis.from_url(stack.env["REDIS_URL"])
    with psycopg.connect(stack.env["EVENTS_DATABASE_URL"]) as holding:
        holding.execute("LOCK TABLE event_key IN ACCESS EXCLUSIVE MODE")
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            for consumer in stream.xpending(STREAM, GROUP)["consumers"]:
                holder = int(consumer["name"].rsplit(b"-", 1)[1])
                for name in ("events", SECOND):
                    if stack.process(name).pid == holder:
                        stack.kill(name)
                        return True
            time.sleep(0.05)
    return False
