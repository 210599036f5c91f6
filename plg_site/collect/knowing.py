"""What the collector knows of sources and plans, and where its counts go: by a thread beside requests."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import django.db
import structlog

from identity import collecting
from identity.collecting import Known, Snapshot, Tally

log = structlog.get_logger()
EVERY = 3.0  # seconds: so long an ended key goes on at most
_AGAIN = 1.0  # seconds between two looks because of keys that are not known
_MOST_STRANGERS = 10_000


class Unknown(Exception):
    """Nothing is known yet: the database has not answered since this process started."""


class Knowing:
    """The latest snapshot, and the tally of this process."""

    def __init__(self) -> None:
        self.snapshot: Snapshot | None = None
        self.tally = Tally()
        self._looked = 0.0
        self._strangers: dict[str, float] = {}  # what is kept of a key, until when it is one
        self._look: asyncio.Future[None] | None = None
        self._is_away = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="collect-known")

    async def source(self, key: str) -> tuple[Known | None, Snapshot]:
        """Whose this key is, if anybody's: one that was made a moment ago is looked for. Raises Unknown."""
        hashed = collecting.hashed(key)
        if self.snapshot is None or hashed not in self.snapshot.by_hash:
            await self._look_for(hashed)
        if self.snapshot is None:
            raise Unknown
        return self.snapshot.by_hash.get(hashed), self.snapshot

    async def _look_for(self, hashed: str) -> None:
        """A 401 is final for every SDK: who comes with a key that is a second old must not get one. Of a
        key that was looked for in vain a moment ago, nobody is asked again."""
        now = time.monotonic()
        if self._strangers.get(hashed, 0.0) > now:
            return
        if (wait := self._looked + _AGAIN - now) > 0:
            await asyncio.sleep(wait)
        if self._looked <= now:  # nobody else has looked meanwhile
            await self.look()
        if self.snapshot is not None and hashed not in self.snapshot.by_hash:
            if len(self._strangers) >= _MOST_STRANGERS:
                self._strangers.clear()
            self._strangers[hashed] = time.monotonic() + EVERY

    async def look(self) -> None:
        """Read once more, and write down what was counted; one look at a time."""
        if self._look is None:
            loop = asyncio.get_running_loop()
            self._look = loop.run_in_executor(self._thread, self._work)
        look = self._look
        try:
            await asyncio.shield(look)
        finally:
            if self._look is look and look.done():
                self._look = None

    async def run(self) -> None:
        """Look every few seconds until cancelled."""
        while True:
            with suppress(Exception):
                await self.look()
            await asyncio.sleep(EVERY)

    def close(self) -> None:
        """Write down what was counted last."""
        self._thread.submit(self._work)
        self._thread.shutdown()

    def _work(self) -> None:
        taken = self.tally.take()
        try:
            collecting.write(taken)
            taken = Tally()
            self.snapshot = collecting.load()
            if self._is_away:
                log.info("collect_knows_again")
            self._is_away = False
        except django.db.Error as error:
            self.tally.give_back(taken)
            if not self._is_away:
                log.warning("collect_knows_no_news", error=str(error)[:500])
            self._is_away = True
        except Exception:
            log.exception("collect_looking_failed")  # its counts may be what fails: they are let go
        finally:
            self._looked = time.monotonic()
            django.db.connections.close_all()
