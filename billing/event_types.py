"""What billing records. Amounts are minor currency units; `plan` is a key of the catalogue."""

from events import EventType

PLAN_CHANGED = EventType(
    "Plan Changed",
    properties={"from": str, "to": str, "interval": str | None, "status": str | None},
)
CHECKOUT_STARTED = EventType("Checkout Started", properties={"plan": str, "interval": str})
# `feedback` is Stripe's word for the reason that was chosen ("too_expensive"), `comment` what they wrote.
SUBSCRIPTION_CANCELED = EventType(
    "Subscription Canceled",
    properties={
        "plan": str,
        "ends_at": str | None,
        "feedback": str | None,
        "comment": str | None,
    },
    personal=("comment",),
)
# Who was about to cancel took what the catalogue offers instead; `coupon` is its key there.
OFFER_TAKEN = EventType("Retention Offer Taken", properties={"plan": str, "coupon": str})
SUBSCRIPTION_RESUMED = EventType("Subscription Resumed", properties={"plan": str})
INVOICE_PAID = EventType(
    "Invoice Paid", properties={"invoice_id": str, "amount": int, "currency": str}
)
# A renewal could not be paid; `attempt` counts from 1.
PAYMENT_FAILED = EventType(
    "Payment Failed",
    properties={"invoice_id": str, "amount": int, "currency": str, "attempt": int},
)
# A plan is tried without paying; `days` of it.
TRIAL_STARTED = EventType("Trial Started", properties={"plan": str, "days": int})
# What a statement of metering costs. `quantity` is what was above the plan, exact, as text (below
# zero: taken back); one event for a statement, and one for each adjustment of it.
USAGE_BILLED = EventType(
    "Usage Billed",
    properties={"statement": str, "meter": str, "quantity": str, "amount": int, "currency": str},
)

ALL = (
    PLAN_CHANGED,
    CHECKOUT_STARTED,
    SUBSCRIPTION_CANCELED,
    OFFER_TAKEN,
    SUBSCRIPTION_RESUMED,
    INVOICE_PAID,
    PAYMENT_FAILED,
    TRIAL_STARTED,
    USAGE_BILLED,
)
