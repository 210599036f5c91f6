"""The consumer as a process or a thread runs it: the store brought up to date, then the loop."""

from __future__ import annotations

import os
import threading
import time
from contextlib import nullcontext

import structlog

from events import conf, heartbeats, pressure
from events.consuming.consumer import Consumer, collect_rarely
from events.errors import StoreUnavailable
from events.readers import running
from events.redis.keys import Keys
from events.redis.redis_client import patient
from events.store import EventStore, get_store
from events.transport.reader import StreamReader
from events.transport.spool import get_spool

log = structlog.get_logger()
TAKE_OVER_AFTER = 5.0  # seconds that another consumer has held something


def serve(
    stop: threading.Event, *, readers: bool, take_over_after: float = TAKE_OVER_AFTER
) -> None:
    """Move events until `stop` is set; with `readers`, follow the log, too, as run_readers does."""
    store = get_store()
    if not migrated(store, stop, patience=float("inf")):
        return
    one = consumer(store, take_over_after=take_over_after)
    log.info("events_consumer_started", stream=conf.stream())
    following = running.beside(stop, store=store) if readers else nullcontext()
    with following, pressure.beside():
        one.run(stop)
    log.info("events_consumer_stopped")


def consumer(store: EventStore, *, take_over_after: float = TAKE_OVER_AFTER) -> Consumer:
    """One that reads the stream of the settings."""
    collect_rarely()
    reader = StreamReader(patient(conf.redis_url()), keys=Keys(conf.stream()), name=_process_name())
    return Consumer(store=store, reader=reader, spool=get_spool(), take_over_after=take_over_after)


def migrated(store: EventStore, stop: threading.Event, *, patience: float) -> bool:
    """Bring the store up to date, however long its database takes to start. False: gave up."""
    give_up_at = time.monotonic() + patience
    said = False
    while not stop.is_set():
        heartbeats.beat("events")
        try:
            store.migrate()
            return True
        except StoreUnavailable as error:
            if time.monotonic() > give_up_at:
                return False
            if not said:
                log.warning("events_unreachable", what="store", error=str(error).splitlines()[0])
            said = True
            stop.wait(0.5)
    return True


def _process_name() -> str:
    return f"{os.uname().nodename}-{os.getpid()}"
