"""Requests that come while the log is being written to wait for its end, and then go together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from plg_site.collect.asking import Busy

MOST_LINES = 4_000  # events in one call: Redis answers nobody else while it runs
MOST_WAITING = 64 * 1024 * 1024  # bytes that wait; more are told to come again


class Gathering:
    """Over a call that takes encoded events for good, or raises for all of them. For one event loop."""

    def __init__(self, accept: Callable[[Sequence[bytes]], None]) -> None:
        self._accept = accept
        self._waiting: deque[tuple[list[bytes], int, asyncio.Future[None]]] = deque()
        self._bytes = 0
        self._running: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="collect-log")

    async def send(self, lines: list[bytes]) -> None:
        """Return once the log has them on disk. Raises Busy, and what `accept` raises."""
        size = sum(map(len, lines))
        if self._bytes + size > MOST_WAITING and self._waiting:
            raise Busy
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._waiting.append((lines, size, done))
        self._bytes += size
        if self._running is None:
            self._running = loop.create_task(self._run(loop))
        await done

    async def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._waiting:
            group, lines = [], list[bytes]()
            while self._waiting and len(lines) < MOST_LINES:
                some, size, done = self._waiting.popleft()
                self._bytes -= size
                lines += some
                group.append(done)
            error: BaseException | None = None
            try:
                await loop.run_in_executor(self._thread, self._accept, lines)
            except Exception as raised:
                error = raised
            for done in group:
                if done.done():  # who asked has gone
                    continue
                if error is None:
                    done.set_result(None)
                else:
                    done.set_exception(error)
        self._running = None

    def close(self) -> None:
        """After the last `send`."""
        self._thread.shutdown()
