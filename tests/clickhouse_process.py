"""Starts, kills and restarts the loopback ClickHouse server of tests/clickhouse_server.py."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class ClickHouseProcess:
    """A process of its own over a folder; the port stays the same over restarts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str) -> str:
        """The address of a database on it, which the store makes where it is missing."""
        return f"clickhouse://plg:any@127.0.0.1:{self.port}/{database}"

    def start(self, *, seconds: float = 30.0) -> ClickHouseProcess:
        """Start it and wait until it answers."""
        command = [
            sys.executable,
            "-m",
            "tests.clickhouse_server",
            str(self._folder),
            str(self.port),
        ]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL)
        give_up_at = time.monotonic() + seconds
        while not self._answers():
            if time.monotonic() > give_up_at or self._process.poll() is not None:
                raise RuntimeError(f"No ClickHouse on port {self.port}.")
            time.sleep(0.02)
        return self

    def kill(self) -> None:
        """SIGKILL."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ping", timeout=1):
                return True
        except OSError:
            return False
