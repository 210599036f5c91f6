"""How a machine comes to show what another one built, where machines share a bucket.

A thread of each web process asks PostgreSQL which release is the current one, every five seconds and
as soon as Redis says that there is news. A new one is fetched into a folder of this machine, and then
shown like one that was built here. What it last showed stays: a visitor waits for neither the database
nor the bucket. Processes of one machine share its folder, and one of them does the work.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import redis
import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from cms.build_models import BuildRequest, CurrentRelease
from cms.releases import shared, shelf, withdrawn
from events import live
from events.redis import UNAVAILABLE

log = structlog.get_logger(__name__)

EVERY = 5.0  # seconds, when nobody says that there is news
_LOCK = ".following"
_AWAY = (OSError, DatabaseError, InterfaceError)


def start() -> None:
    """Follow in a thread of this process; where nothing is shared there is nothing to follow."""
    if shared.is_on():
        threading.Thread(target=_follow, name="site-releases", daemon=True).start()


def tell_others() -> None:
    """Say that there is news; call it once that is committed. Without Redis they ask by themselves."""
    if shared.is_on():
        live.announce(_channel())


def catch_up() -> None:
    """Show what all machines show, without what has left the site since. Raises OSError and errors
    of the database; what was shown stays."""
    marked = withdrawn.wishes()
    answered = _answered(marked)  # before the pointer, which covers what was answered by now
    pointer = CurrentRelease.objects.first()
    current = shelf.current()
    if pointer and (current is None or current.id != pointer.release_id):
        current = shared.fetch(pointer.release_id, digest=pointer.digest)
        shelf.show(current.id)
        log.info("site_release_followed", release=current.id)
    for request in BuildRequest.objects.exclude(left={}):  # of the last day
        withdrawn.apply(request)
    if current and marked:
        withdrawn.settle(answered, carried=current.carried)


def _answered(wishes: set[int]) -> set[int]:
    requests = BuildRequest.objects.filter(pk__in=wishes).exclude(release_id="")
    return set(requests.values_list("pk", flat=True)) if wishes else set()


@contextmanager
def alone(*, wait: bool) -> Iterator[bool]:
    """Whether nobody else on this machine changes its releases now; with `wait`, once that is so."""
    shelf.root().mkdir(parents=True, exist_ok=True)
    lock = os.open(shelf.root() / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(lock)


def _follow() -> None:
    news, is_away = _News(), False
    while True:
        try:
            with alone(wait=False) as is_ours:
                if is_ours:
                    catch_up()
            is_away = False
        except _AWAY as error:
            if not is_away:
                log.warning("site_release_not_followed", error=str(error)[:500])
            is_away = True
        except Exception:
            log.exception("site_release_not_followed")
        finally:
            with suppress(Exception):
                connection.close()
        news.wait(EVERY)


class _News:
    """Waits for what `tell_others` says, and never longer than it is asked to."""

    def __init__(self) -> None:
        self._heard: redis.client.PubSub | None = None

    def wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        try:
            if self._heard is None:
                client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1.0)
                self._heard = client.pubsub(ignore_subscribe_messages=True)
                self._heard.subscribe(_channel())
            while (left := until - time.monotonic()) > 0:
                if self._heard.get_message(timeout=left):
                    return
        except (*UNAVAILABLE, redis.RedisError):
            self._forget()
            time.sleep(max(0.0, until - time.monotonic()))

    def _forget(self) -> None:
        if self._heard:
            with suppress(redis.RedisError, OSError):
                self._heard.close()
        self._heard = None


def _channel() -> str:
    return live.channel("site-release")
