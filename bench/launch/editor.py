"""An editor who publishes a page once a minute, and looks when visitors see it."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

EVERY = 60.0  # seconds
_GIVES_UP = 90.0  # seconds
_LOOKS = 0.2


@dataclass
class Editor:
    """Seconds from publishing to the new title, as visitors get it."""

    host: str  # of the site, as a browser says it
    port: int  # where visitors ask
    seen_after: list[float] = field(default_factory=list)
    never: int = 0

    def publish(self) -> None:
        from cms.models import HomePage

        title = f"Launch day, {time.time_ns()}"
        page = HomePage.objects.get()
        page.seo_title = title
        began = time.monotonic()
        page.save_revision().publish()
        while title not in self._home():
            if time.monotonic() - began > _GIVES_UP:
                self.never += 1
                return
            time.sleep(_LOOKS)
        self.seen_after.append(time.monotonic() - began)

    def _home(self) -> str:
        asks = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_GIVES_UP)
        try:
            asks.request("GET", "/", headers={"Host": self.host})
            return asks.getresponse().read().decode()
        except OSError:
            return ""
        finally:
            asks.close()

    def work(self, stop: threading.Event, *, every: float = EVERY) -> None:
        from django.db import connection

        try:
            while not stop.is_set():
                due = time.monotonic() + every
                self.publish()
                stop.wait(max(0.0, due - time.monotonic()))
        finally:
            connection.close()


@contextmanager
def at_work(editor: Editor) -> Iterator[Editor]:
    """Publishes while the block runs."""
    stop = threading.Event()
    thread = threading.Thread(target=editor.work, args=[stop], name="editor")
    thread.start()
    try:
        yield editor
    finally:
        stop.set()
        thread.join(2 * _GIVES_UP)
