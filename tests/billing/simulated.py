"""A real simulator process, and a mailbox that receives its webhooks.

The mailbox keeps each delivery as it came (headers and body). A test hands it to the application
when it wants to: before the return, after it, twice, late, or never.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from stripe_simulator.resources.webhook_endpoints import configure
from stripe_simulator.server import application
from stripe_simulator.store import Store

PATIENCE = 15  # seconds


@dataclass(frozen=True)
class Delivery:
    """One webhook as it arrived."""

    body: bytes
    signature: str

    @cached_property  # a session has thousands, and each test looks through all of them
    def event(self) -> dict[str, Any]:
        return json.loads(self.body)

    def is_about(self, customer: str) -> bool:
        thing = self.event["data"]["object"]
        return customer in (thing.get("customer"), thing["id"])


@dataclass
class Mailbox:
    """Answers 200 to everything and keeps it."""

    deliveries: list[Delivery] = field(default_factory=list)

    def open(self) -> ThreadingHTTPServer:
        kept = self.deliveries

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                kept.append(Delivery(body, self.headers["Stripe-Signature"]))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def about(self, customer: str) -> list[Delivery]:
        """What came for a customer, in the order of its creation."""
        found = [one for one in list(self.deliveries) if one.is_about(customer)]
        return sorted(found, key=lambda one: one.event["created"])

    def wait_for(self, kind: str, *, customer: str, number: int = 1) -> Delivery:
        """The nth event of this kind for the customer."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = [one for one in self.about(customer) if one.event["type"] == kind]
            if len(found) >= number:
                return found[number - 1]
            time.sleep(0.02)
        seen = [one.event["type"] for one in self.about(customer)]
        raise AssertionError(f"No {kind} came for {customer}; it got {seen}.")


class Simulator:
    """`python -m stripe_simulator` on a free port."""

    def __init__(self, folder: Path, *, webhook_url: str, secret: str) -> None:
        self.has_catalogue = False
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "stripe_simulator", "--port", str(port)]
        command += ["--state", str(folder), "--public-url", self.url]
        command += ["--webhook-url", webhook_url, "--webhook-secret", secret]
        self._log = (folder / "log").open("w")
        self._process = subprocess.Popen(command, stdout=self._log, stderr=subprocess.STDOUT)
        self._wait()

    def _wait(self) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self._process.poll() is None:
            try:
                if httpx.get(f"{self.url}/healthz").is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        raise AssertionError(f"The simulator did not start: {Path(self._log.name).read_text()}")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(timeout=60)
        self._log.close()


class SimulatorHere:
    """The same in a thread of this process: for a test that wants one of its own. An interpreter more
    takes longer to start than most such tests take."""

    def __init__(self, folder: Path, *, webhook_url: str, secret: str) -> None:
        self.has_catalogue = False
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        store = Store(folder / "stripe.sqlite3", public_url=self.url, durable=False)
        with store.transaction() as state:
            configure(state, url=webhook_url, secret=secret)
        self._server = uvicorn.Server(
            uvicorn.Config(
                application(store), port=port, log_level="warning", access_log=False,
                date_header=False, log_config=None, timeout_graceful_shutdown=3,
            )
        )  # fmt: skip
        self._thread = threading.Thread(target=self._server.run)
        self._thread.start()
        end = time.monotonic() + PATIENCE
        while not self._server.started:
            assert self._thread.is_alive(), "the simulator did not start"
            assert time.monotonic() < end, "the simulator did not start in time"
            time.sleep(0.01)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()


def pay(page: str, *, card: str = "4242 4242 4242 4242") -> str:
    """Fill in the hosted page as a person does; returns the address it leads back to."""
    fields = {"card_number": card, "card_expiry": "12 / 34", "card_cvc": "123"}
    answer = httpx.post(page, data={**fields, "cardholder_name": "Ada"}, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
