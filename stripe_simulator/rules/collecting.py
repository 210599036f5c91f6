"""Taking the money of an invoice: the card that is charged, and what its bank answers."""

from stripe_simulator.cards import Decline
from stripe_simulator.errors import StripeError
from stripe_simulator.events import emit
from stripe_simulator.identifiers import new_id
from stripe_simulator.objects.charges import new_charge
from stripe_simulator.objects.invoices import subscription_of
from stripe_simulator.objects.payment_methods import decline_of
from stripe_simulator.presentation import present
from stripe_simulator.rules.disputing import dispute_at_once
from stripe_simulator.rules.invoicing import finalize, settle
from stripe_simulator.shapes import Json
from stripe_simulator.sources import documented, recorded
from stripe_simulator.store import State


def collect(
    state: State, invoice: Json, *, payment_method: str | None = None, confirmed: bool = False
) -> Decline | None:
    """Charge what an open invoice (or a draft, finalized first) still asks for.

    Returns the decline when the bank said no, or wants its holder to confirm and nobody did; the
    attempt and its events are recorded. Raises StripeError when there is no card.
    """
    if invoice["status"] == "draft":
        finalize(state, invoice)
    if invoice["status"] == "paid":
        return None
    method = payment_method_of(state, invoice, payment_method)
    payment = state.select("invoice_payment", {"invoice": invoice["id"]})[-1]
    intent = state.require("payment_intent", payment["payment"]["payment_intent"])
    decline = decline_of(method, confirmed=confirmed)
    invoice.update(attempted=True, attempt_count=invoice["attempt_count"] + 1)
    if decline is not None and decline.asks_for_authentication:
        _ask_to_confirm(state, invoice, intent, method)
        return decline
    charge = new_charge(state, intent, method, decline)
    intent.update(latest_charge=charge["id"], next_action=None)
    if decline is not None:
        _record_failure(state, invoice, intent, charge, method, decline)
        return decline
    _record_success(state, invoice, intent, charge, payment, method)
    return None


@documented("billing/subscriptions/payment-methods-setting#payment-method-priority")
def payment_method_of(state: State, invoice: Json, chosen: str | None = None) -> Json:
    """The card to charge: the one asked for, the subscription's, else the customer's default."""
    customer = state.require("customer", invoice["customer"])
    subscription = state.get("subscription", subscription_of(invoice) or "") or {}
    default = customer["invoice_settings"]["default_payment_method"]
    preferred = invoice["default_payment_method"] or subscription.get("default_payment_method")
    id = chosen or preferred or default
    if not id:
        raise no_payment_method()
    return state.require("payment_method", id)


def no_payment_method() -> StripeError:
    return StripeError(
        "This customer has no attached payment source or default payment method. Please consider "
        "adding a default payment method. For more information, visit "
        "https://stripe.com/docs/billing/subscriptions/payment-methods-setting"
        "#payment-method-priority.",
        code="resource_missing",
    )


@recorded("event logs: charge, payment_intent, invoice.paid, invoice.payment_succeeded")
def _record_success(
    state: State, invoice: Json, intent: Json, charge: Json, payment: Json, method: Json
) -> None:
    intent.update(
        amount_received=intent["amount"],
        last_payment_error=None,
        payment_method=method["id"],
        status="succeeded",
    )
    payment.update(amount_paid=intent["amount"], status="paid")
    payment["status_transitions"]["paid_at"] = state.now()
    state.save(intent)
    state.save(payment)
    emit(state, "charge.succeeded", charge)
    emit(state, "payment_intent.succeeded", intent)
    paid = invoice["amount_paid"] + intent["amount"]
    invoice.update(amount_paid=paid, amount_remaining=0, next_payment_attempt=None)
    settle(state, invoice)
    emit(state, "invoice_payment.paid", payment)
    dispute_at_once(state, charge, method)


@recorded("event logs: payment_intent.payment_failed, then invoice.payment_failed")
def _record_failure(
    state: State, invoice: Json, intent: Json, charge: Json, method: Json, decline: Decline
) -> None:
    error = decline.error().body()["error"] | {"charge": charge["id"]}
    intent.update(
        last_payment_error=error | {"payment_method": present(state, method)},
        status="requires_payment_method",
    )
    state.save(intent)
    state.save(invoice)
    emit(state, "charge.failed", charge)
    emit(state, "payment_intent.payment_failed", intent)
    emit(state, "invoice.payment_failed", invoice)


@documented("billing/subscriptions/webhooks#additional-action")
def _ask_to_confirm(state: State, invoice: Json, intent: Json, method: Json) -> None:
    """The card's holder has to confirm, on the hosted invoice page or in the app."""
    intent.update(
        next_action={
            "type": "use_stripe_sdk",
            "use_stripe_sdk": {
                "type": "three_d_secure_redirect",
                "source": new_id("src"),
                "stripe_js": f"{state.public_url}/authenticate/{intent['id']}",
            },
        },
        payment_method=method["id"],
        status="requires_action",
    )
    state.save(intent)
    state.save(invoice)
    emit(state, "payment_intent.requires_action", intent)
    emit(state, "invoice.payment_action_required", invoice)
    emit(state, "invoice.payment_failed", invoice)
