"""Load on a running stack: what was tried, and what was acknowledged, by id."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from plg_site.devstack.options import ROOT
from plg_site.devstack.stack import Stack

ANSWER_WITHIN = 5.0  # seconds; after that the caller does not know
PATIENT = 30.0  # of a person before a white page: for tests that end no process
STARTS_WITHIN = 120.0
PATIENCE = (
    180.0  # for all to be well again: a busy machine is slow, and waiting costs only failures
)
GONE = (OSError, http.client.HTTPException)


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes


@dataclass
class Workspace:
    """What tests/stack/survival/furnish.py made, as seen from outside."""

    stack: Stack
    schema: str
    slug: str
    key: str
    code: str
    port: int = 0
    answer_within: float = ANSWER_WITHIN

    def ask(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> Answer | None:
        """The answer, or None when there was none."""
        site = self.stack.addresses
        said = {"Host": f"{self.slug}.{site.domain}:{site.port}", **(headers or {})}
        port = self.port or site.port
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=self.answer_within)
        try:
            connection.request(method, path, body and json.dumps(body), said)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        except GONE:
            return None
        finally:
            connection.close()

    @property
    def login(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}


@dataclass
class Load:
    """Ids by kind. Clicks are known by the request id that their answer names.

    `clicks_lost` says of each that was not kept what came instead.
    """

    tried: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    clicks_tried: list[float] = field(default_factory=list)  # when
    clicks_kept: set[str] = field(default_factory=set)
    clicks_lost: list[str] = field(default_factory=list)
    links_made: int = 0
    links_refused: int = 0

    def click(self, workspace: Workspace) -> None:
        """Follow the short link; without the header, a redirect says that the click is kept."""
        began = time.monotonic()
        self.clicks_tried.append(began)
        answer = workspace.ask("GET", f"/{workspace.code}")
        if answer and answer.status == 302 and "Events-Not-Accepted" not in answer.headers:
            self.clicks_kept.add(answer.headers["X-Request-ID"])
        else:
            what = f"{answer.status} {answer.body[:200]!r}" if answer else "no answer"
            self.clicks_lost.append(f"{what} after {time.monotonic() - began:.1f} s")

    def make_a_link(self, workspace: Workspace) -> int:
        """The status: 201, 402 at the limit, 5xx, or 0 when there was no answer twice."""
        wanted = {"target_url": "https://example.com/"}
        once = workspace.login | {"Idempotency-Key": uuid4().hex}
        for _ in range(2):  # a caller that got no answer asks again
            if answer := workspace.ask("POST", "/api/v1/links", wanted, once):
                return answer.status
        return 0

    def make_or_delete_a_link(self, workspace: Workspace) -> None:
        """Up to the hard limit, and back from it by one."""
        status = self.make_a_link(workspace)
        self.links_made += status == 201
        if status == 402:
            self.links_refused += 1
            self._delete_one(workspace)

    def _delete_one(self, workspace: Workspace) -> None:
        answer = workspace.ask("GET", "/api/v1/links?limit=1", headers=workspace.login)
        if answer and answer.status == 200:
            for link in json.loads(answer.body)["items"]:
                workspace.ask("DELETE", f"/api/v1/links/{link['id']}", headers=workspace.login)


def furnish(stack: Stack, slug: str) -> Workspace:
    """A workspace of its own for one test."""
    said = _run(stack, "furnish", slug)
    return Workspace(stack, **said)


def recount(stack: Stack, workspace: Workspace) -> dict[str, Any]:
    """See tests/stack/survival/recount.py."""
    return _run(stack, "recount", workspace.schema)


@contextlib.contextmanager
def under_load(
    stack: Stack, workspace: Workspace, folder: Path, *, rate: float, clickers: int = 2
) -> Iterator[Load]:
    """`rate` events a second by a process that records, and requests beside it."""
    load, stop, notes = Load(), threading.Event(), folder / "recorded"
    command = _module("recorder", str(notes), str(rate), workspace.schema)
    jobs = [load.click] * clickers + [load.make_or_delete_a_link]
    threads = [
        threading.Thread(target=_again_and_again, args=[stop, job, workspace]) for job in jobs
    ]
    with subprocess.Popen(command, env=stack.env, cwd=ROOT) as recorder:
        _wait_until_it_records(recorder, notes)
        for thread in threads:
            thread.start()
        try:
            yield load
        finally:
            stop.set()
            recorder.terminate()
            for thread in threads:
                thread.join(PATIENCE)
            recorder.wait(PATIENCE)
    assert not any(thread.is_alive() for thread in threads), "somebody still waits for an answer"
    assert recorder.returncode == 0, f"what recorded ended with {recorder.returncode}"
    for line in notes.read_text().splitlines():
        word, event_id = line.split()
        (load.kept if word == "kept" else load.tried).add(event_id)


def _wait_until_it_records(recorder: subprocess.Popen[bytes], notes: Path) -> None:
    """On a busy machine Django takes longer to start than a short outage lasts."""
    until = time.monotonic() + STARTS_WITHIN
    while not (notes.exists() and notes.stat().st_size):
        assert recorder.poll() is None, f"what records ended with {recorder.returncode}"
        if time.monotonic() > until:
            recorder.kill()
            raise AssertionError(f"nothing was recorded within {STARTS_WITHIN:.0f} s")
        time.sleep(0.05)


def _again_and_again(
    stop: threading.Event, job: Callable[[Workspace], None], workspace: Workspace
) -> None:
    while not stop.is_set():
        job(workspace)
        time.sleep(0.05)


def _run(stack: Stack, name: str, *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        _module(name, *arguments), env=stack.env, cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{name} failed:\n{done.stdout}{done.stderr}"
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _module(name: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", f"tests.stack.survival.{name}", *arguments]
