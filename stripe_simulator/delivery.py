"""The delivery thread: sends the outbox in order, one at a time, until each is answered 2xx.

An endpoint that answers with an error gets that event again later, and the next event meanwhile,
as Stripe does. An endpoint that nobody listens on holds its events in order until it is back.
"""

import json
import logging
import threading
import time

import httpx

from stripe_simulator import outbox
from stripe_simulator.outbox import Delivery
from stripe_simulator.signing import signature_header
from stripe_simulator.store import Store

log = logging.getLogger("stripe_simulator.delivery")

_POLL_SECONDS = 0.1
_UNREACHABLE_SECONDS = 1.0
_TIMEOUT = httpx.Timeout(30.0, connect=3.0)


class DeliveryThread(threading.Thread):
    def __init__(self, store: Store) -> None:
        super().__init__(name="delivery", daemon=True)
        self._store = store
        self._stopping = threading.Event()
        self._unreachable: set[str] = set()

    def run(self) -> None:
        with httpx.Client(timeout=_TIMEOUT, trust_env=False) as client:
            while not self._stopping.is_set():
                try:
                    sent = self._deliver_next(client)
                except Exception:
                    log.exception("delivery failed")
                    sent = False
                if not sent:
                    self._stopping.wait(_POLL_SECONDS)

    def stop(self) -> None:
        self._stopping.set()
        self.join(timeout=5)

    def _deliver_next(self, client: httpx.Client) -> bool:
        with self._store.transaction() as state:
            delivery = outbox.next_due(state, time.time())
        if delivery is None:
            return False
        try:
            response = client.send(build_request(delivery, timestamp=int(time.time())))
        except httpx.ConnectError as error:
            self._hold(delivery, error)
            return True
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self._failed(delivery, f"{type(error).__name__}: {error}")
            return True
        self._unreachable.discard(delivery.url)
        outcome = f"HTTP {response.status_code}"
        if response.is_success:
            with self._store.transaction() as state:
                outbox.mark_delivered(state, delivery, outcome)
            log.info("webhook %s %s %s", delivery.event["type"], delivery.event["id"], outcome)
        else:
            self._failed(delivery, outcome)
        return True

    def _failed(self, delivery: Delivery, outcome: str) -> None:
        with self._store.transaction() as state:
            outbox.mark_failed(state, delivery, outcome, time.time())
        log.warning(
            "webhook %s %s refused (attempt %d): %s",
            *(delivery.event["type"], delivery.event["id"], delivery.attempts + 1, outcome),
        )

    def _hold(self, delivery: Delivery, error: httpx.ConnectError) -> None:
        with self._store.transaction() as state:
            outbox.postpone(state, delivery, str(error), time.time(), _UNREACHABLE_SECONDS)
        if delivery.url not in self._unreachable:
            self._unreachable.add(delivery.url)
            log.warning("nobody listens on %s: webhooks wait", delivery.url)


def build_request(delivery: Delivery, *, timestamp: int) -> httpx.Request:
    """The signed POST. Names under `localhost` do not resolve everywhere: they mean 127.0.0.1."""
    payload = json.dumps(delivery.event, indent=2)
    url = httpx.URL(delivery.url)
    headers = {
        "Accept": "*/*; q=0.5, application/xml",
        "Content-Type": "application/json; charset=utf-8",
        "Host": url.netloc.decode(),
        "Stripe-Signature": signature_header(payload, secret=delivery.secret, timestamp=timestamp),
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    }
    if url.host == "localhost" or url.host.endswith(".localhost"):
        url = url.copy_with(host="127.0.0.1")
    return httpx.Request("POST", url, headers=headers, content=payload.encode())
