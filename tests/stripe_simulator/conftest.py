"""A simulator that listens on a real port, a clock that can be moved, an app that hears webhooks.

Everything is asked through Stripe's own SDK over HTTP.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe
import uvicorn

from stripe_simulator.clock import Clock
from stripe_simulator.resources.webhook_endpoints import configure
from stripe_simulator.rules import due
from stripe_simulator.server import application
from stripe_simulator.store import Store

SECRET = "whsec_of_the_tests"
GOOD_CARD = {"card_number": "4242 4242 4242 4242", "card_expiry": "12 / 34", "card_cvc": "123"}
DAY = 24 * 3600
# A browser without a proxy; one for all, because each new one reads the certificate store.
web = httpx.Client(trust_env=False, verify=False)  # noqa: S501  loopback, without TLS


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(condition: Callable[[], Any], *, within: float = 60.0) -> Any:
    """Wait until the condition is true and return its value."""
    deadline = time.monotonic() + within
    while not (value := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return value


class App:
    """The application behind the webhook address: keeps what it hears, answers as told."""

    def __init__(self, port: int | None = None) -> None:
        self.heard: list[tuple[str, dict[str, str]]] = []
        self.refuses: Callable[[dict[str, Any]], bool] = lambda event: False
        self.listening = False
        app = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                app.listening = True
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                app.heard.append((body, dict(self.headers)))
                self.send_response(500 if app.refuses(json.loads(body)) else 200)
                self.end_headers()
                app.listening = False

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port or 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://app.localhost:{self.port}/stripe/webhook/"

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body, _ in self.heard]

    @property
    def types(self) -> list[str]:
        return [event["type"] for event in self.events]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass
class World:
    """A simulator, its address, its clock and the app that it calls."""

    store: Store
    url: str
    app: App
    offset: list[float] = field(default_factory=lambda: [0.0])

    @property
    def client(self) -> stripe.StripeClient:
        return client_for(self.url)

    def pass_time(self, seconds: float) -> None:
        """Move the clock, and do at once what has become due."""
        self.offset[0] += seconds
        with self.store.transaction() as state:
            due.run(state)

    def pass_until(self, instant: int) -> None:
        self.pass_time(instant - self.store.clock.now())

    def price(self, amount: int = 2900, **extra: Any) -> stripe.Price:
        """A monthly price of a new product, unless told otherwise."""
        params: dict[str, Any] = {
            "currency": "usd",
            "product_data": {"name": f"Plan at {amount}"},
            "recurring": {"interval": "month"},
        }
        if "tiers" not in extra:
            params["unit_amount"] = amount
        return self.client.v1.prices.create(params | extra)  # type: ignore[arg-type]

    def customer(self, *, card: str | None = "pm_card_visa", **extra: Any) -> stripe.Customer:
        """A customer with a default card."""
        made = self.client.v1.customers.create({"email": "ada@example.com", **extra})
        if card is None:
            return made
        method = self.client.v1.payment_methods.attach(card, {"customer": made.id})
        settings = {"default_payment_method": method.id}
        return self.client.v1.customers.update(made.id, {"invoice_settings": settings})

    def subscription(self, amount: int = 2900, **extra: Any) -> stripe.Subscription:
        item = {"price": self.price(amount).id}
        params = {"customer": self.customer().id, "items": [item], **extra}
        return self.client.v1.subscriptions.create(params)  # type: ignore[arg-type]

    def checkout(self, **extra: Any) -> stripe.checkout.Session:
        params: dict[str, Any] = {
            "mode": "subscription",
            "success_url": "http://acme.plg.localhost:8000/billing/?paid={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://acme.plg.localhost:8000/billing/",
            **extra,
        }
        if "line_items" not in params:
            params["line_items"] = [{"price": self.price().id, "quantity": 1}]
        return self.client.v1.checkout.sessions.create(params)  # type: ignore[arg-type]

    def pay(self, session: stripe.checkout.Session, **fields: str) -> httpx.Response:
        assert session.url
        return web.post(session.url, data=GOOD_CARD | fields)

    def types_for(self, customer: str) -> list[str]:
        """Types of the events about one customer, in the order they were recorded."""
        listed = self.client.v1.events.list({"limit": 100}).data
        about = [event for event in reversed(listed) if _customer_of(event) == customer]
        return [event.type for event in about]


def _customer_of(event: stripe.Event) -> str | None:
    snapshot = event.data.object.to_dict()
    return snapshot["id"] if snapshot["object"] == "customer" else snapshot.get("customer")


@cache
def client_for(url: str, key: str = "sk_test_of_the_tests") -> stripe.StripeClient:
    return stripe.StripeClient(key, base_addresses={"api": url}, max_network_retries=0)


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    app, port, offset = App(), free_port(), [0.0]
    url = f"http://127.0.0.1:{port}"
    path: Path = tmp_path_factory.mktemp("stripe") / "stripe.sqlite3"
    clock = Clock(lambda: time.time() + offset[0])
    store = Store(path, public_url=url, clock=clock, durable=False)
    with store.transaction() as state:
        configure(state, url=app.url, secret=SECRET)
    config = uvicorn.Config(application(store), port=port, log_level="warning", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    eventually(lambda: server.started)
    yield World(store=store, url=url, app=app, offset=offset)
    server.should_exit = True
    thread.join()
    app.close()


@pytest.fixture
def world(simulator: World) -> World:
    """The simulator as if just started: nothing in it but the app's webhook endpoint."""
    with simulator.store.transaction() as state:
        state.connection.execute("DELETE FROM outbox")
        state.connection.execute("DELETE FROM idempotency")
        state.connection.execute("DELETE FROM meter_events")
        state.connection.execute("DELETE FROM objects WHERE object != 'webhook_endpoint'")
        state.skip(-state.clock.skipped)
    simulator.offset[0] = 0.0
    simulator.app.refuses = lambda event: False
    eventually(lambda: not simulator.app.listening)
    simulator.app.heard.clear()
    return simulator
