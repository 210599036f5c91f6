"""A subscription's standing follows the payment of its latest invoice."""

from stripe_simulator.events import emit
from stripe_simulator.objects.invoices import subscription_of
from stripe_simulator.objects.subscriptions import ENDED
from stripe_simulator.presentation import present
from stripe_simulator.shapes import Json
from stripe_simulator.sources import assumed, documented
from stripe_simulator.store import State

_LEFT = ("unpaid", "paused")


@documented("billing/subscriptions/overview#subscription-statuses")
def follow(state: State, invoice: Json, *, paid: bool) -> None:
    """Make the subscription active once its latest invoice is paid, past due once it is not.

    One that never began (incomplete) stays so until it is paid.
    """
    subscription = state.get("subscription", subscription_of(invoice) or "")
    if subscription is None or subscription["latest_invoice"] != invoice["id"]:
        return
    wanted = "active" if paid else "past_due"
    stays = {wanted, "trialing", *ENDED} if paid else {wanted, "incomplete", *_LEFT, *ENDED}
    if subscription["status"] in stays:
        return
    before = present(state, subscription)
    subscription["status"] = wanted
    state.save(subscription)
    emit(state, "customer.subscription.updated", subscription, before=before)
    if before["status"] == "paused":
        emit(state, "customer.subscription.resumed", subscription)


@assumed("a subscription is active again when its latest invoice is voided or marked uncollectible")
def forgive(state: State, invoice: Json) -> None:
    """Nothing is asked for any more by its latest invoice."""
    subscription = state.get("subscription", subscription_of(invoice) or "")
    if subscription is None or subscription["latest_invoice"] != invoice["id"]:
        return
    if subscription["status"] in ("past_due", "unpaid"):
        before = present(state, subscription)
        subscription["status"] = "active"
        state.save(subscription)
        emit(state, "customer.subscription.updated", subscription, before=before)
