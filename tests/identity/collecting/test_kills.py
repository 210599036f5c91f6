"""SIGKILL of the collector and of Redis: what was answered is stored, and nothing twice."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from urllib.parse import urlsplit

import httpx
import pytest
from uuid_utils.compat import uuid7

from identity.models import Source
from plg_site.devstack.stack import Stack
from tests.identity.collecting.collector import Collector, a_source, a_track, basic, wait_for

pytestmark = pytest.mark.thorough
SENDERS, EVENTS = 3, 20  # threads, and events of one batch
_AWAY = (httpx.HTTPError, OSError)


class Sender(threading.Thread):
    """Sends batch after batch, each again with the same ids until it is answered, as SDKs do."""

    def __init__(self, number: int, url: str, key: str) -> None:
        super().__init__(daemon=True)
        self.number, self.url, self.headers = number, url, basic(key)
        self.answered: list[str] = []
        self.tries = 0
        self.stop = threading.Event()

    def run(self) -> None:
        for batch in range(10_000):
            ids = [f"{self.number}-{batch}-{each}" for each in range(EVENTS)]
            said = {"batch": [a_track("Storm Survived", messageId=each) for each in ids]}
            while not self._is_taken(said):
                time.sleep(0.1)
            self.answered += ids
            if self.stop.is_set():
                return

    def _is_taken(self, said: object) -> bool:
        self.tries += 1
        try:
            answer = httpx.post(f"{self.url}/v1/batch", json=said, headers=self.headers, timeout=10)
        except _AWAY:
            return False
        assert answer.status_code in (200, 503), answer.text
        return answer.status_code == 200


@pytest.fixture
def redis_of_its_own(log, settings):
    """A Redis that syncs before it answers, and starts again when it was killed."""
    environ = {**os.environ}
    environ.pop("REDIS_URL")
    with Stack(throw_away=True, environ=environ).start(services_only=True) as stack:
        settings.REDIS_URL = stack.env["REDIS_URL"]
        yield stack


def test_nothing_answered_is_lost_and_nothing_counted_twice(
    redis_of_its_own, log, committed, settings, tmp_path
):
    assert urlsplit(settings.REDIS_URL).port
    settings.EVENTS_STREAM = f"test-{uuid7().hex}"
    spool = settings.EVENTS_SPOOL_DIR
    running = Collector(
        stream=settings.EVENTS_STREAM, spool=spool, REDIS_URL=settings.REDIS_URL
    ).start()
    _, key = a_source("Backend")
    wait_for(lambda: running.post("/v1/track", a_track("First Told"), key=key).status_code == 200)
    senders = [Sender(number, running.url, key) for number in range(SENDERS)]
    for sender in senders:
        sender.start()

    def more(batches: int = 3) -> None:
        aims = {each: len(each.answered) + batches * EVENTS for each in senders}
        wait_for(lambda: all(len(each.answered) >= aim for each, aim in aims.items()), seconds=60)

    try:
        more()
        running.kill()
        running.start()
        more()
        redis_of_its_own.kill("redis")
        more()  # into the spool, and then into the stream again
        redis_of_its_own.wait_until_ready("redis")
        redis_of_its_own.kill("redis")
        running.kill()
        running.start()
        redis_of_its_own.wait_until_ready("redis")
        more()
    finally:
        for sender in senders:
            sender.stop.set()
        for sender in senders:
            sender.join(30)
        running.stop()
    assert sum(sender.tries * EVENTS for sender in senders) > sum(
        len(sender.answered) for sender in senders
    )
    wait_for(lambda: log.consumer().drain())
    found = Counter(
        event.context["message_id"] for event in log.store.find() if event.name == "Storm Survived"
    )
    answered = {each for sender in senders for each in sender.answered}
    assert answered - found.keys() == set()
    assert max(found.values()) == 1
    Source.objects.all().delete()
