"""What comes to a small installation, from a few people at once: sign-ups, clicks, pages, health checks."""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode
from uuid import uuid4

from tests.stack.survival.load import GONE, Workspace

PATIENT = 30.0  # seconds of a person before a white page
_HIDDEN = re.compile(rb'<input type="hidden" name="([^"]+)" value="([^"]*)"')


@dataclass
class Traffic:
    """Requests through one port. Failed: anything but 2xx and 3xx, or no answer."""

    workspace: Workspace
    port: int
    answered: int = 0
    sign_ups: int = 0
    failed: list[str] = field(default_factory=list)

    def click(self) -> None:
        self.ask("GET", f"/{self.workspace.code}", host=self._of_workspace)

    def page(self) -> None:
        self.ask("GET", "/pricing/", host=self._site)

    def health(self) -> None:
        self.ask("GET", "/healthz", host=self._site)

    def sign_up(self) -> None:
        """The form and what a person types into it, as a new browser."""
        form = self.ask("GET", "/signup/", host=self._site)
        if form is None:
            return
        headers, body = form
        cookies = [said.partition(";")[0] for said in headers.get_all("Set-Cookie") or ()]
        slug = f"new-{uuid4().hex[:12]}"
        typed = dict(_HIDDEN.findall(body)) | {
            b"name": b"Nora New", b"email": f"owner@{slug}.example".encode(),
            b"workspace_name": slug.encode(), b"slug": slug.encode(),
            b"password1": b"correct horse battery",
        }  # fmt: skip
        said = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": "; ".join(cookies),
            "Origin": f"http://{self._site}",
        }
        if self.ask("POST", "/signup/", host=self._site, body=urlencode(typed), headers=said):
            self.sign_ups += 1

    def ask(
        self, method: str, path: str, *, host: str, body: str = "",
        headers: dict[str, str] | None = None,
    ) -> tuple[http.client.HTTPMessage, bytes] | None:  # fmt: skip
        """Headers and body; None, and noted, when it failed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENT)
        said = {"Host": host, "User-Agent": "Mozilla/5.0", **(headers or {})}
        try:
            connection.request(method, path, body or None, said)
            answer = connection.getresponse()
            read = answer.read()
        except GONE as error:
            self.failed.append(f"{method} {path}: {error!r}")
            return None
        finally:
            connection.close()
        if method == "POST" and answer.status == 200:  # the form again
            self.failed.append(f"{method} {path}: not taken")
        elif 200 <= answer.status < 400:
            self.answered += 1
            return answer.headers, read
        else:
            self.failed.append(f"{method} {path}: {answer.status} {read[:200]!r}")
        return None

    @property
    def _site(self) -> str:
        site = self.workspace.stack.addresses
        return f"{site.domain}:{site.port}"

    @property
    def _of_workspace(self) -> str:
        return f"{self.workspace.slug}.{self._site}"


@contextmanager
def light(workspace: Workspace, port: int) -> Iterator[Traffic]:
    """A sign-up, five clicks, five pages, two health checks a second, as far as the machine is that fast."""
    traffic, stop = Traffic(workspace, port), threading.Event()
    jobs: list[tuple[Callable[[], None], float]] = [
        (traffic.sign_up, 1), (traffic.click, 0.2), (traffic.page, 0.2), (traffic.health, 0.5)
    ]  # fmt: skip
    threads = [threading.Thread(target=_each, args=[stop, job, pace]) for job, pace in jobs]
    for thread in threads:
        thread.start()
    try:
        yield traffic
    finally:
        stop.set()
        for thread in threads:
            thread.join(2 * PATIENT)
    assert not any(thread.is_alive() for thread in threads), "somebody still waits for an answer"


def until_answered(traffic: Traffic, count: int, *, within: float = 180) -> None:
    """Wait for so many answers, or a failure, which ends it anyway."""
    until = time.monotonic() + within
    while traffic.answered < count and not traffic.failed:
        assert time.monotonic() < until, f"{traffic.answered} of {count} were answered"
        time.sleep(0.1)


def _each(stop: threading.Event, job: Callable[[], None], pace: float) -> None:
    while not stop.wait(pace):
        job()
