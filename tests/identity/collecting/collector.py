"""A real collector: its process, on a port of its own, over the log and the database of a test."""

from __future__ import annotations

import base64
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from identity import collecting
from identity.models import Source


class Collector:
    """One process; `url` is its root. `env` wins over what this process has."""

    def __init__(self, *, stream: str, spool: Path, **env: str) -> None:
        self.stream, self.spool = stream, spool
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "PLG_TEST_EVENTS_STREAM": stream,
            "PLG_TEST_SPOOL_DIR": str(spool),
            "COLLECT_URL": self.url,
            "DRAIN_SECONDS": "0",
            **env,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Collector:
        command = [sys.executable, "-m", "tests.identity.collecting.serving", str(self.port)]
        self.process = subprocess.Popen(command, env=self._env)
        wait_for(self.is_ready, seconds=60)
        return self

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz").status_code == 200
        except httpx.HTTPError:
            return False

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """As a supervisor does; the exit code."""
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def post(self, path: str, said: Any = None, *, key: str = "", **options: Any) -> httpx.Response:
        headers = (
            {**basic(key), **options.pop("headers", {})} if key else options.pop("headers", {})
        )
        if said is not None:
            options["json"] = said
        return httpx.post(f"{self.url}{path}", headers=headers, timeout=30, **options)


def basic(key: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}


def a_source(name: str, kind: str = "server") -> tuple[Source, str]:
    Source.objects.filter(name=name).delete()
    return collecting.create(name, kind=kind)


def a_track(event: str = "Order Completed", **said: Any) -> dict[str, Any]:
    return {"type": "track", "event": event, "userId": "u-1", "properties": {"plan": "pro"}, **said}


def wait_for(condition: Any, *, seconds: float = 30) -> Any:
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.05)
    return found
