"""A dispute's life: opened by a test card's holder, answered with evidence or accepted, decided."""

from stripe_simulator.cards import by_number
from stripe_simulator.errors import StripeError
from stripe_simulator.events import emit
from stripe_simulator.objects.balance_transactions import new_movement
from stripe_simulator.objects.disputes import new_dispute
from stripe_simulator.presentation import present
from stripe_simulator.shapes import Json
from stripe_simulator.sources import assumed, documented
from stripe_simulator.store import State

_FEE = 1500  # minor units, kept also when the dispute is won
WINNING, LOSING = "winning_evidence", "losing_evidence"


@documented("testing#disputes")
@assumed("a dispute by a test card is opened within the payment itself, with a fee of 15.00")
def dispute_at_once(state: State, charge: Json, method: Json) -> None:
    """Open the dispute of a test card whose holder disputes each charge."""
    reason = by_number(method["_number"]).dispute
    if reason is None:
        return
    charge["disputed"] = True
    state.save(charge)
    dispute = new_dispute(state, charge, reason=reason)
    _move(state, dispute, -dispute["amount"], fee=_FEE)
    emit(state, "charge.dispute.created", dispute)
    emit(state, "charge.dispute.funds_withdrawn", dispute)


@documented("testing#disputes")
def answer(state: State, dispute: Json, evidence: Json, *, submit: bool) -> Json:
    """Keep evidence; once submitted, its `uncategorized_text` decides as on Stripe's test page."""
    _require_open(dispute)
    before = present(state, dispute)
    dispute["evidence"] |= {key: value or None for key, value in evidence.items()}
    dispute["evidence_details"]["has_evidence"] = any(dispute["evidence"].values())
    if submit:
        dispute["evidence_details"]["submission_count"] += 1
        dispute["status"] = "under_review"
    state.save(dispute)
    emit(state, "charge.dispute.updated", dispute, before=before)
    text = dispute["evidence"]["uncategorized_text"]
    if submit and text in (WINNING, LOSING):
        _decide(state, dispute, won=text == WINNING)
    return dispute


def accept(state: State, dispute: Json) -> Json:
    """Give the money up."""
    _require_open(dispute)
    _decide(state, dispute, won=False)
    return dispute


def _decide(state: State, dispute: Json, *, won: bool) -> None:
    dispute["status"] = "won" if won else "lost"
    if won:
        _move(state, dispute, dispute["amount"], fee=0)
    state.save(dispute)
    emit(state, "charge.dispute.closed", dispute)
    if won:
        emit(state, "charge.dispute.funds_reinstated", dispute)


def _move(state: State, dispute: Json, amount: int, *, fee: int) -> None:
    movement = new_movement(
        state, dispute, amount=amount, fee=fee, type="adjustment", category="dispute"
    )
    dispute["balance_transactions"].append(movement)
    state.save(dispute)


def _require_open(dispute: Json) -> None:
    if dispute["status"] not in ("needs_response", "under_review"):
        raise StripeError(
            f"This dispute is already closed: it is {dispute['status']}.",
            code="dispute_already_closed",
        )
