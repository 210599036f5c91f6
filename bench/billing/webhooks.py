"""Stripe's news, thousands at once, beside commit 5ec79f5: both as deployed, with customers who pay.

Each is about the subscription of one of some paying workspaces, signed as Stripe signs, and none is like
another. All are there from the first moment, over as many connections as Stripe might open; each side has
answered when it has stored, and is done when its plans and limits say what its Stripe says.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import psycopg

from bench import against
from bench.against import Code, NoHistory, Side
from bench.figures import Figure, percentile
from bench.older.site import COMMIT
from bench.sizes import TINY, Size
from plg_site.devstack.progress import step
from plg_site.devstack.stack import Stack
from plg_site.devstack.state import State
from plg_site.walk.browser import Browser

WEBHOOKS, PAYING = 5_000, 40
OLDER = 500  # it is slower; its rate is that of fewer
CONNECTIONS = 200
LATEST = 10.0  # seconds; later, Stripe counts it as failed
TIMES, P99 = 5.0, 50.0  # of the older rate; ms
STEADY = 10  # seconds at half of the rate
_DONE_WITHIN = 300.0
_DUE = "SELECT count(*) FROM billing_inboxevent WHERE due_at IS NOT NULL"
_OWN_EVENTS = "SELECT count(*) FROM billing_inboxevent WHERE stripe_id LIKE 'evt_bench%'"
_IS_CUSTOMER = """
    UPDATE billing_account SET stripe_customer_id = %s
    WHERE tenant_id = (SELECT id FROM tenants_tenant WHERE slug = %s)
"""
_ENVIRON = {
    "DEBUG": "0", "WATCH_FILES": "0", "SIGNUPS_BY_ADDRESS": "100000/m", "SIGNUPS_BY_DEVICE": "100000/m",
    "SIGNUP_RATE_LIMIT": "100000/m/ip", "LOGIN_RATE_LIMIT": "100000/m/ip", "SIGNUP_FORM_SECONDS": "0",
    "POOL_MIN": str(PAYING + 10),
}  # fmt: skip


@dataclass
class _Site:
    """A side whose workspaces pay, and news of their subscriptions."""

    side: Side
    subscriptions: list[dict[str, Any]]
    _numbers: Iterator[int] = field(default_factory=count)

    @classmethod
    def of(cls, side: Side, *, paying: int) -> _Site:
        """Workspaces by the form; that they pay is said to their Stripe and written down here."""
        env, found = side.env, []
        key = (env["STRIPE_SECRET_KEY"], "")
        with (
            httpx.Client(base_url=env["STRIPE_API_HOST"], auth=key, timeout=30) as stripe,
            psycopg.connect(env["DATABASE_URL"], autocommit=True) as connection,
        ):
            for number in range(paying):
                _sign_up(side, f"pays-{number}")
                found.append(_pay(stripe))
                connection.execute(_IS_CUSTOMER, [found[-1]["customer"], f"pays-{number}"])
        return cls(side, found)

    def news(self) -> bytes:
        """One request, as Stripe posts it now."""
        number = next(self._numbers)
        event = {
            "id": f"evt_bench{number:08}", "object": "event", "type": "customer.subscription.updated",
            "api_version": "2026-08-26.dahlia", "created": int(time.time()), "livemode": False,
            "pending_webhooks": 1, "request": {"id": None, "idempotency_key": None},
            "data": {"object": self.subscriptions[number % len(self.subscriptions)]},
        }  # fmt: skip
        body = json.dumps(event).encode()
        at, env = int(time.time()), self.side.env
        signed = hmac.new(env["STRIPE_WEBHOOK_SECRET"].encode(), b"%d." % at + body, hashlib.sha256)
        head = (
            f"POST /stripe/webhook/{env['STRIPE_WEBHOOK_UUID']}/ HTTP/1.1\r\n"
            f"Host: {self.side.domain}:{self.side.port}\r\nContent-Type: application/json\r\n"
            f"Stripe-Signature: t={at},v1={signed.hexdigest()}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def at_once(self, webhooks: int) -> _Answers:
        """All there from the first moment."""
        news = [self.news() for _ in range(webhooks)]
        return asyncio.run(_send(self.side.port, news, connections=min(CONNECTIONS, webhooks)))

    def steadily(self, *, rate: float, seconds: float) -> _Answers:
        news = [self.news() for _ in range(max(1, int(rate * seconds)))]
        return asyncio.run(_send(self.side.port, news, connections=CONNECTIONS, rate=rate))

    def sees(self, query: str) -> int:
        with psycopg.connect(self.side.env["DATABASE_URL"]) as connection:
            return int((connection.execute(query).fetchone() or [0])[0])

    def seconds_until_done(self) -> float:
        """From now on. Raises RuntimeError."""
        began = time.monotonic()
        while self.sees(_DUE):
            if time.monotonic() - began > _DONE_WITHIN:
                raise RuntimeError(f"The inbox is not empty after {_DONE_WITHIN:.0f} s.")
            time.sleep(0.2)
        return time.monotonic() - began


@dataclass
class _Answers:
    waits: list[float] = field(default_factory=list)  # seconds since each was due
    statuses: dict[int, int] = field(default_factory=dict)
    lasted: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.waits) / self.lasted

    @property
    def refused(self) -> str:
        """Why this is no measurement; empty when all were accepted."""
        return "" if set(self.statuses) == {200} else f"answers: {self.statuses}"


async def _send(
    port: int, news: Sequence[bytes], *, connections: int, rate: float = 0.0
) -> _Answers:
    """Over kept connections; with `rate` each has its own moment, else all are due at once."""
    found, waiting = _Answers(), iter(enumerate(news))
    began = time.perf_counter()

    async def one_after_the_other() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number, request in waiting:
            due = began + (number / rate if rate else 0.0)
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(_length(head))
            found.waits.append(time.perf_counter() - due)
            status = int(head.split(None, 2)[1])
            found.statuses[status] = found.statuses.get(status, 0) + 1
            if b"connection: close" in head.lower():
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()

    await asyncio.gather(*(one_after_the_other() for _ in range(connections)))
    found.lasted = time.perf_counter() - began
    return found


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    raise RuntimeError(f"An answer without a length: {head[:200]!r}")


def _sign_up(side: Side, slug: str) -> None:
    """Raises WrongAnswer."""
    browser = Browser()
    form = browser.open(f"{side.site}/signup/").form(field="workspace_name")
    answers = {"name": "Nora New", "email": f"owner@{slug}.example", "workspace_name": slug}
    browser.submit(form, {**answers, "slug": slug, "password1": "correct horse battery"})


def _pay(stripe: httpx.Client) -> dict[str, Any]:
    """A customer with a card and a subscription, at Stripe; gives the subscription."""

    def post(path: str, **data: str) -> dict[str, Any]:
        return dict(stripe.post(path, data=data).raise_for_status().json())

    listed = stripe.get("/v1/prices", params={"lookup_keys[]": "pro_month"}).raise_for_status()
    customer = post("/v1/customers")["id"]
    card = post("/v1/payment_methods/pm_card_visa/attach", customer=customer)["id"]
    return post(
        "/v1/subscriptions",
        **{"customer": customer, "default_payment_method": card},
        **{"items[0][price]": listed.json()["data"][0]["id"]},
    )


@contextmanager
def _open(code: Code, *, paying: int) -> Iterator[_Site]:
    folder = Path(tempfile.mkdtemp(prefix="plg-webhooks-"))
    try:
        with ExitStack() as running:
            with step(f"  {code.name}, {paying} pay"):
                side = running.enter_context(code.running(folder, apart=True, environ=_ENVIRON))
                site = _Site.of(side, paying=paying)
            yield site
    finally:
        State(folder).remove()


def figures(*, size: Size, stack: Stack) -> list[Figure]:
    del stack  # each side has services of its own
    webhooks, paying = size.of(WEBHOOKS, at_least=40), size.of(PAYING, at_least=2)
    then, void = _older(size, paying=paying)
    with _open(against.PRESENT, paying=paying) as now:
        now.at_once(10)  # warm
        with step(f"  {webhooks} webhooks"):
            flood = now.at_once(webhooks)
            after = now.seconds_until_done()
            stored = now.sees(_OWN_EVENTS)
        rate = (TIMES * then if then else flood.rate) / 2
        with step(f"  {rate:.0f} a second"):
            steady = now.steadily(rate=rate, seconds=size.of(STEADY, at_least=1))
    lost = webhooks + 10 - stored
    return [
        Figure(
            name="webhooks a second, all accepted",
            value=flood.rate, unit="/s",
            reference=f"/s at commit {COMMIT}", reference_value=then,
            bar=TIMES, better="more", void=void or flood.refused or (f"{lost} lost" if lost else ""),
            note=f"{webhooks} at once over {CONNECTIONS} connections, {paying} customers",
        ),
        Figure(
            name="the last answer of all that came at once",
            value=max(flood.waits), unit="s",
            reference="s until the last was worked off, too", reference_value=flood.lasted + after,
            bar=LATEST, bar_on="value", better="less", void=flood.refused,
            note="all were worked off: no event is due, and none was lost",
        ),
        Figure(
            name="p99 of an answer at half of the rate that is asked for",
            value=percentile(steady.waits, 99) * 1e3, unit="ms",
            reference="ms, median", reference_value=percentile(steady.waits, 50) * 1e3,
            bar=P99, bar_on="value", better="less", void=steady.refused,
            note=f"{rate:.0f} a second for {steady.lasted:.0f} s",
        ),
    ]  # fmt: skip


def _older(size: Size, *, paying: int) -> tuple[float, str]:
    """Webhooks a second, and why that is no measurement. Alone on the machine, as the other was."""
    if size is TINY:
        return 0.0, "a tiny run does without the older side"
    try:
        older = against.checked_out(COMMIT)
    except NoHistory as error:
        return 0.0, f"skipped: {error}"
    with _open(older, paying=paying) as site:
        site.at_once(4)  # warm
        with step("  the same there"):
            found = site.at_once(size.of(OLDER, at_least=20))
    return found.rate, found.refused
