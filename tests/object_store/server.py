"""Starts, stops and pauses moto's server, which speaks the protocol of S3 over HTTP.

It checks conditions (If-Match, If-None-Match), ranges and parts; it checks no signature, no expiry and
no checksum, so nothing here proves these. Its packages are installed once, under `.local/tools`.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
import venv
from pathlib import Path
from typing import Any

from plg_site.devstack.options import LOCAL

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
BUCKET = "plg-tests"
KEY, SECRET = "tests", "no-secret"


class ObjectStore:
    """A server of its own; the port stays the same over restarts, what was stored does not."""

    def __init__(self, log: Path) -> None:
        self._log = log
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def url(self, prefix: str) -> str:
        """For STORAGE_URL."""
        return f"s3://{BUCKET}/{prefix}?region=us-east-1&endpoint={self.endpoint}"

    def environment(self, prefix: str) -> dict[str, str]:
        """Of a process that shares this bucket."""
        return {
            "STORAGE_URL": self.url(prefix),
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
        }

    def start(self, *, seconds: float = 60.0) -> ObjectStore:
        """Start it, wait until it answers, and make the bucket."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [_python(), "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        give_up_at = time.monotonic() + seconds
        while not self._answers():
            if time.monotonic() > give_up_at or self._process.poll() is not None:
                raise RuntimeError(f"No object store on port {self.port}: {self._log.read_text()}")
            time.sleep(0.05)
        self.client().create_bucket(Bucket=BUCKET)
        return self

    def kill(self) -> None:
        """SIGKILL: nobody listens any more."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def pause(self) -> None:
        """It takes connections and answers nothing."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    def client(self) -> Any:
        import boto3

        return boto3.client(
            "s3", endpoint_url=self.endpoint, region_name="us-east-1",
            aws_access_key_id=KEY, aws_secret_access_key=SECRET,
        )  # fmt: skip

    def keys(self, prefix: str) -> list[str]:
        """The names of all objects below this prefix."""
        pages = (
            self.client().get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        )
        return [each["Key"] for page in pages for each in page.get("Contents", [])]

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2):
                return True
        except OSError:
            return False


def _python() -> str:
    """The interpreter of moto's environment, which is made when it is missing or other pins hold."""
    pins = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()[:16]
    folder = LOCAL / "tools" / f"moto-{pins}"
    python = folder / "bin" / "python"
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other folders of tests run at the same time
        if not (folder / "complete").exists():
            venv.EnvBuilder(clear=False, symlinks=True, with_pip=True).create(folder)
            subprocess.run(
                [python, "-m", "pip", "install", "-q", "--require-hashes", "-r", REQUIREMENTS],
                check=True,
            )
            (folder / "complete").touch()
    finally:
        os.close(lock)
    return str(python)
