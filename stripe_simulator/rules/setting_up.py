"""Setting a card up for later: saved to the customer, and confirmed with its bank where that asks."""

from stripe_simulator.cards import Decline, by_number
from stripe_simulator.errors import StripeError, missing
from stripe_simulator.events import emit
from stripe_simulator.objects.payment_methods import attach, by_token_or_id
from stripe_simulator.presentation import present
from stripe_simulator.shapes import Json
from stripe_simulator.sources import documented
from stripe_simulator.store import State

_OVER = ("succeeded", "canceled")


@documented("payments/setupintents/lifecycle")
def confirm(
    state: State,
    intent: Json,
    *,
    payment_method: str | None,
    return_url: str | None = None,
    confirmed: bool = False,
) -> Json:
    """Save the card (saved, with events). Its bank may ask: `requires_action`, with an address
    where its holder confirms. Raises CardError for a card that is refused."""
    if intent["status"] in _OVER:
        raise StripeError(
            f"You cannot confirm this SetupIntent because it is {intent['status']}.",
            code="setup_intent_unexpected_state",
        )
    named = payment_method or intent["payment_method"]
    if not named:
        raise missing("payment_method")
    method = by_token_or_id(state, named)
    card = by_number(method["_number"])
    intent.update(payment_method=method["id"], status="requires_confirmation")
    if card.decline and not card.attaches:
        raise _refused(state, intent, card.decline)
    if card.authentication and not confirmed:
        _ask(state, intent, return_url)
        return intent
    if intent["customer"]:
        attach(state, method, state.require("customer", intent["customer"]))
    method = state.require("payment_method", method["id"])
    state.save(method | {"_authenticated": confirmed})
    intent.update(status="succeeded", next_action=None)
    state.save(intent)
    emit(state, "setup_intent.succeeded", intent)
    return intent


def cancel(state: State, intent: Json, *, reason: str | None = None) -> None:
    """Nobody completes it any more (saved, with its event)."""
    before = present(state, intent)
    intent.update(status="canceled", cancellation_reason=reason, next_action=None)
    state.save(intent)
    emit(state, "setup_intent.canceled", intent, before=before)


def _ask(state: State, intent: Json, return_url: str | None) -> None:
    url = f"{state.public_url}/authenticate/{intent['id']}"
    intent.update(
        next_action={
            "type": "redirect_to_url",
            "redirect_to_url": {"return_url": return_url, "url": url},
        },
        status="requires_action",
    )
    state.save(intent)
    emit(state, "setup_intent.requires_action", intent)


def _refused(state: State, intent: Json, decline: Decline) -> StripeError:
    error = decline.error()
    intent.update(
        last_setup_error=error.body()["error"],
        payment_method=None,
        status="requires_payment_method",
    )
    state.save(intent)
    emit(state, "setup_intent.setup_failed", intent)
    return error
