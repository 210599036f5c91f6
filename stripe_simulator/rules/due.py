"""What happens because time passed, each thing at its own instant, in order.

Called every second with the real time, and by whoever moves a clock: a month that is skipped
renews, retries and expires in the order and at the times of a month that was waited for.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from stripe_simulator.objects.subscription_items import items_of
from stripe_simulator.objects.subscriptions import ENDED, RENEWING
from stripe_simulator.rules import renewing, schedules, trials
from stripe_simulator.rules.cancellation import end_of_period, expire_incomplete
from stripe_simulator.rules.checkout import expire
from stripe_simulator.rules.invoicing import HOUR
from stripe_simulator.shapes import Json
from stripe_simulator.sources import assumed
from stripe_simulator.store import State

log = logging.getLogger("stripe_simulator.due")

_INCOMPLETE_LASTS = 23 * HOUR
_WAITING_CUSTOMERS = """
SELECT DISTINCT json_extract(data, '$.customer') FROM objects
WHERE json_extract(data, '$.test_clock') IS ?1 AND (
    object = 'subscription' AND json_extract(data, '$.status') IN
        ('active', 'incomplete', 'past_due', 'trialing', 'unpaid') AND (
            json_extract(data, '$.cancel_at') <= ?2
            OR json_extract(data, '$.status') = 'incomplete'
            OR json_extract(data, '$.status') = 'trialing'
            OR json_extract(data, '$.schedule') IS NOT NULL
            OR EXISTS (
                SELECT 1 FROM objects AS item WHERE item.object = 'subscription_item'
                AND json_extract(item.data, '$.subscription') = objects.id
                AND json_extract(item.data, '$.current_period_end') <= ?2))
    OR object = 'invoice' AND (
        json_extract(data, '$.status') = 'draft'
            AND json_extract(data, '$.automatically_finalizes_at') <= ?2
        OR json_extract(data, '$.status') = 'open' AND (
            json_extract(data, '$.next_payment_attempt') <= ?2
            OR json_extract(data, '$.billing_reason') IN ('manual', 'subscription_cycle')
                AND json_extract(data, '$.auto_advance')
                AND NOT json_extract(data, '$.attempted')))
    OR object = 'subscription_schedule' AND json_extract(data, '$.status') = 'not_started'
)
"""


@dataclass(frozen=True)
class Due:
    """Something to do at an instant: later ones wait, of equal ones the lower rank comes first."""

    at: int
    rank: int
    act: Callable[[], object]


def run(state: State) -> None:
    """Do all that is due now for those who have no test clock."""
    advance(state, clock=None, until=state.now())


def skip(state: State, seconds: int) -> None:
    """Let time pass at once for all who have no test clock, and move our clock by it for good."""
    advance(state, clock=None, until=state.now() + seconds)
    state.skip(seconds)


def advance(state: State, *, clock: str | None, until: int) -> None:
    """Do all that falls due up to `until`, for the customers of a test clock or (None) of ours."""
    if clock is None:
        _expire_sessions(state, until)
    rows = state.connection.execute(_WAITING_CUSTOMERS, (clock, until)).fetchall()
    for (customer,) in rows:
        try:
            with state.savepoint():
                _live_through(state, customer, until)
        except Exception:
            if clock is not None:
                raise
            # One customer's books never stop the time of the others.
            log.exception("what is due for %s could not be done", customer)


def _live_through(state: State, customer: str, until: int) -> None:
    while due := _next(state, customer, until):
        with state.at(due.at):
            due.act()


def _expire_sessions(state: State, until: int) -> None:
    for session in state.select(
        "checkout.session",
        {"status": "open"},
        condition="json_extract(data, '$.expires_at') <= ?",
        values=(until,),
    ):
        with state.at(session["expires_at"]):
            expire(state, session)


def _next(state: State, customer: str, until: int) -> Due | None:
    waiting = [due for due in _waiting(state, customer) if due.at <= until]
    return min(waiting, key=lambda due: (due.at, due.rank), default=None)


def _waiting(state: State, customer: str) -> Iterator[Due]:
    for invoice in state.select("invoice", {"customer": customer, "status": ["draft", "open"]}):
        yield from _of_invoice(state, invoice)
    for schedule in state.select(
        "subscription_schedule", {"customer": customer, "status": "not_started"}
    ):
        start = schedule["phases"][0]["start_date"]
        yield Due(start, 1, lambda it=schedule: schedules.begin(state, it))  # type: ignore[misc]
    for subscription in state.select("subscription", {"customer": customer}):
        if subscription["status"] not in ENDED:
            yield from _of_subscription(state, subscription)


def _of_invoice(state: State, invoice: Json) -> Iterator[Due]:
    def charge() -> None:
        renewing.charge(state, invoice)

    if invoice["status"] == "draft":
        if invoice["automatically_finalizes_at"]:
            yield Due(invoice["automatically_finalizes_at"], 0, charge)
    elif invoice["next_payment_attempt"]:
        yield Due(invoice["next_payment_attempt"], 0, charge)
    elif _is_finalized_by_hand(invoice):
        yield Due(invoice["status_transitions"]["finalized_at"], 0, charge)


_BY_HAND = ("manual", "subscription_cycle")


def _is_finalized_by_hand(invoice: Json) -> bool:
    untouched = invoice["auto_advance"] and not invoice["attempted"]
    return bool(untouched and invoice["billing_reason"] in _BY_HAND)


@assumed("a phase of a schedule changes before the period that begins with it is billed")
def _of_subscription(state: State, subscription: Json) -> Iterator[Due]:
    """Of one instant: a warning, the end, the next phase, then the renewal."""
    if subscription["status"] == "incomplete":
        expires = subscription["created"] + _INCOMPLETE_LASTS
        yield Due(expires, 0, lambda: expire_incomplete(state, subscription))
    if subscription["status"] not in RENEWING:
        return
    if (warning := trials.warning_due(subscription)) is not None:
        yield Due(warning, 1, lambda: trials.warn(state, subscription))
    if subscription["cancel_at"] is not None:
        yield Due(subscription["cancel_at"], 2, lambda: end_of_period(state, subscription))
    if (phase := schedules.phase_end(state, subscription)) is not None:
        yield Due(phase, 3, lambda: schedules.next_phase(state, subscription))
    ends = [item["current_period_end"] for item in items_of(state, subscription["id"])]
    if ends:
        yield Due(min(ends), 4, lambda: renewing.renew(state, subscription))
