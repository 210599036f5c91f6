"""The dashboard: what the simulator holds, where each webhook is, and what it does on request."""

import re

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from stripe_simulator import outbox
from stripe_simulator.events import delivery_manners, set_delivery_manners
from stripe_simulator.objects.subscriptions import period_end
from stripe_simulator.pages.cards import Fields, form_of
from stripe_simulator.pages.rendering import page
from stripe_simulator.presentation import present
from stripe_simulator.rules import clocks, due, retrying
from stripe_simulator.shapes import Json
from stripe_simulator.store import State, Store

_ROWS = 50
_MOST_DAYS = 400
_LONGEST_DELAY = 600
_MOST_RETRIES = 8


def routes(store: Store) -> list[Route]:
    async def show(request: Request) -> Response:
        return await run_in_threadpool(_show, store)

    async def resend(request: Request) -> Response:
        return await run_in_threadpool(_resend, store, request.path_params["event"])

    async def skip(request: Request) -> Response:
        fields = await form_of(request)
        return await run_in_threadpool(_skip, store, fields.get("days", ""))

    async def deliver(request: Request) -> Response:
        return await run_in_threadpool(_deliver, store, await form_of(request))

    async def retry(request: Request) -> Response:
        return await run_in_threadpool(_retry, store, await form_of(request))

    return [
        Route("/", show, methods=["GET"]),
        Route("/settings/delivery", deliver, methods=["POST"]),
        Route("/settings/retries", retry, methods=["POST"]),
        Route("/clock/skip", skip, methods=["POST"]),
        Route("/events/{event}/resend", resend, methods=["POST"]),
    ]


def _show(store: Store) -> Response:
    with store.transaction() as state:
        return page(
            "dashboard.html",
            customers=_newest(state, "customer"),
            subscriptions=[
                present(state, one) | {"period_end": period_end(state, one)}
                for one in _newest(state, "subscription")
            ],
            invoices=_newest(state, "invoice"),
            events=[
                one | {"deliveries": outbox.tracked(state, one["id"])}
                for one in _newest(state, "event")
            ],
            endpoints=state.select("webhook_endpoint"),
            now=state.now(),
            manners=delivery_manners(state),
            retries=retrying.policy(state),
            skipped=state.clock.skipped,
            clocks=_newest(state, clocks.KIND),
            names={one["id"]: one["name"] for one in state.select("product")},
        )


def _newest(state: State, kind: str) -> list[Json]:
    return [
        stored
        for stored in state.select(kind, newest_first=True, limit=_ROWS)
        if not stored.get("deleted")
    ]


def _skip(store: Store, days: str) -> Response:
    """Move the simulator's clock. Later only: what has happened cannot be undone."""
    if not days.isdecimal() or not 1 <= int(days) <= _MOST_DAYS:
        return page("refused.html", status=400, words=f"Skip 1 to {_MOST_DAYS} whole days.")
    with store.transaction() as state:
        due.skip(state, int(days) * 24 * 3600)
    return RedirectResponse("/", status_code=303)


def _deliver(store: Store, fields: Fields) -> Response:
    """How webhooks come: `delay` in seconds, `copies` of each, `order` kept or random."""
    delay, copies = fields.get("delay", "0"), fields.get("copies", "1")
    if not (delay.isdecimal() and int(delay) <= _LONGEST_DELAY and copies in ("1", "2", "3")):
        words = f"A delay is 0 to {_LONGEST_DELAY} seconds, and a webhook comes 1 to 3 times."
        return page("refused.html", status=400, words=words)
    shuffled = fields.get("order") == "random"
    with store.transaction() as state:
        set_delivery_manners(state, delay=int(delay), copies=int(copies), shuffled=shuffled)
    return RedirectResponse("/#settings", status_code=303)


def _retry(store: Store, fields: Fields) -> Response:
    """When a failed renewal is tried again: `days` between the attempts, and the `final` action."""
    days, final = fields.get("days", "").split(), fields.get("final")
    fits = len(days) <= _MOST_RETRIES and all(re.fullmatch("[1-9][0-9]?", one) for one in days)
    if not fits or final not in retrying.FINAL_ACTIONS:
        words = f"At most {_MOST_RETRIES} numbers of days, 1 to 99, and one of the final actions."
        return page("refused.html", status=400, words=words)
    with store.transaction() as state:
        retrying.set_policy(state, days=[int(one) for one in days], final=final)
    return RedirectResponse("/#settings", status_code=303)


def _resend(store: Store, event: str) -> Response:
    with store.transaction() as state:
        if state.get("event", event) is None:
            return page("missing.html", status=404)
        outbox.resend(state, event)
    return RedirectResponse("/#events", status_code=303)
