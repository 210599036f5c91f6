"""`kill -9` at any moment loses nothing that was acknowledged, and no webhook."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from .conftest import GOOD_CARD, SECRET, App, client_for, eventually, free_port, web

ROOT = Path(__file__).resolve().parents[2]


class Process:
    """The simulator as its own process, as `bin/dev` starts it."""

    def __init__(self, state: Path, webhook_port: int) -> None:
        self.port = free_port()
        self.state = state
        self.webhook_port = webhook_port
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "stripe_simulator", "--port", str(self.port)]
        command += ["--state", str(self.state), "--webhook-secret", SECRET]
        command += ["--webhook-url", f"http://plg.localhost:{self.webhook_port}/hook/"]
        self.process = subprocess.Popen(command, cwd=ROOT)
        eventually(self._answers, within=15)

    def _answers(self) -> bool:
        try:
            return web.get(f"{self.url}/healthz").is_success
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    process = Process(tmp_path / "state", free_port())
    yield process
    process.kill()


def test_a_killed_simulator_keeps_its_state_and_still_delivers(process: Process) -> None:
    client = client_for(process.url)
    price = client.v1.prices.create(
        {
            "currency": "usd",
            "product_data": {"name": "Pro"},
            "recurring": {"interval": "month"},
            "unit_amount": 2900,
        }
    )
    session = client.v1.checkout.sessions.create(
        {
            "customer_email": "ada@example.com",
            "line_items": [{"price": price.id, "quantity": 1}],
            "mode": "subscription",
            "success_url": "http://app.example/",
        }
    )
    assert session.url
    assert web.post(session.url, data=GOOD_CARD).status_code == 303
    process.kill()  # nobody has listened to a single webhook yet

    app = App(process.webhook_port)
    process.start()
    assert client.v1.checkout.sessions.retrieve(session.id).status == "complete"
    recorded = sorted(event.id for event in client.v1.events.list({"limit": 100}).data)
    # Each one, once. Not in order: one whose first try failed is overtaken, as with Stripe itself.
    eventually(lambda: len(app.events) >= len(recorded), within=15)
    assert sorted(event["id"] for event in app.events) == recorded
    app.close()
