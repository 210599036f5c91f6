"""A workspace's plan and its customer at Stripe; the truth about money is Stripe's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Self

import stripe
from django.db import models

from billing import catalogue
from billing.models.owed import Owed
from billing.models.usage import UsageInvoice
from tenants.models import ForTenant, Tenant

# Stripe's subscription statuses (API reference, "The Subscription object"). While a failed payment
# is retried (past_due) nobody loses what they use; paused or unpaid entitles to nothing.
ENTITLING = frozenset({"active", "trialing", "past_due"})
LIVE = ENTITLING | {"unpaid", "paused"}
# A payment failed: the plan is kept for the days of grace (`Account.bear`), whichever of the two it is.
FAILING = frozenset({"past_due", "unpaid"})


class Accounts(ForTenant):
    """Billing accounts of workspaces."""

    def of(self, tenant: Tenant) -> Account:
        """The workspace's account; a workspace older than billing gets one on the first plan."""
        account, _ = self.get_or_create(tenant=tenant)
        return account

    def shown(self, tenant: Tenant) -> Account:
        """The same for a page that changes nothing: one that there is not yet is not saved."""
        return self.filter(tenant=tenant).first() or Account(tenant=tenant)

    def locked(self, pk: int) -> Account:
        """The account, held against every other writer until the transaction ends."""
        return self.select_for_update().get(pk=pk)

    def unsettled(self, *, now: datetime) -> Self:
        """Accounts about which Stripe should have told us something by now, or told us what we could
        not act on. One that has failed `MOST_TRIES` times is left to people (`manage.py doctor`)."""
        return self.filter(
            models.Q(checkout_open=True)
            | models.Q(current_period_end__lt=now)
            | models.Q(cancel_at__lt=now)
            | models.Q(must_ask=True)
            | models.Q(
                past_due_since__lte=now - catalogue.rules().grace,
                grace_ended=False,
                subscription_id__isnull=False,
            )
            | models.Exists(
                UsageInvoice.objects.filter(tenant=models.OuterRef("tenant"))
                .silent(now=now)
                .filter(models.Q(tenant__billing_account__past_due_since=None))
            ),
            tries__lt=Account.MOST_TRIES,
        )


class Account(models.Model):
    """A workspace's plan and its counterpart at Stripe. Written by `subscription.sync` alone.

    `plan_key`, `status` and the dates are what many rows are picked by; the whole of what Stripe says is
    the `Subscription` of `subscription_id`.
    """

    MOST_TRIES = 30  # five hours of the periodic check

    class Origin(models.TextChoices):
        SIGNUP = "signup", "the sign-up"
        RETURN = "return", "the return from Stripe's page"
        EVENT = "event", "a webhook"
        PAGE = "page", "a click on the billing page"
        CHECK = "check", "the periodic check"

    tenant = models.OneToOneField(Tenant, on_delete=models.CASCADE, related_name="billing_account")
    plan_key = models.CharField(max_length=40, default=catalogue.first_plan_key)
    interval = models.CharField("paid by the", max_length=10, blank=True)
    stripe_customer_id = models.CharField(max_length=255, unique=True, null=True)
    subscription_id = models.CharField(max_length=255, unique=True, null=True)
    status = models.CharField("subscription status", max_length=30, blank=True)
    amount = models.BigIntegerField("price in minor currency units", null=True)
    currency = models.CharField(max_length=3, blank=True)
    current_period_end = models.DateTimeField(null=True)
    cancel_at = models.DateTimeField(null=True)
    checkout_session_id = models.CharField("latest checkout", max_length=255, blank=True)
    checkout_open = models.BooleanField(default=False)
    ends_with_workspace = models.BooleanField(
        "cancelled because the workspace was deleted", default=False, db_default=False
    )
    must_ask = models.BooleanField("Stripe must be asked about it", default=False, db_default=False)
    tries = models.PositiveSmallIntegerField(
        "how often that failed since it last worked", default=0, db_default=0
    )
    trouble = models.CharField(
        "why it failed", max_length=300, blank=True, default="", db_default=""
    )
    # Stripe fixes a customer's currency with the first payment, and so do we ("Customer.currency").
    pays_in = models.CharField("currency for good", max_length=3, blank=True, db_default="")
    trial_began_at = models.DateTimeField("its one trial began", null=True)
    money_at = models.DateTimeField("its payments were last read from Stripe", null=True)
    # Of a payment that failed, as `bear` decides. Amounts in minor units of `currency`.
    past_due_since = models.DateTimeField("the oldest unpaid invoice is open since", null=True)
    grace_ended = models.BooleanField(
        "the plan is lost until it is paid", default=False, db_default=False
    )
    owed = models.BigIntegerField("not paid of its invoices", default=0, db_default=0)
    asks_to_confirm = models.BooleanField(
        "the card's bank waits for its holder", default=False, db_default=False
    )
    offer_taken_at = models.DateTimeField("what is offered to who cancels was taken", null=True)
    updated_from = models.CharField(max_length=10, choices=Origin.choices, default=Origin.SIGNUP)
    updated_at = models.DateTimeField(auto_now=True)

    objects = Accounts.as_manager()

    def __str__(self) -> str:
        return f"{self.tenant_id} on {self.plan_key}"

    @property
    def has_subscription(self) -> bool:
        """Whether there is a subscription that can be changed, rather than a first one to buy."""
        return bool(self.subscription_id) and self.status in LIVE

    @property
    def ends_with_period(self) -> bool:
        """Whether it ends with what is paid for: until a later day, which somebody has set at Stripe, it
        would be renewed."""
        ends, period = self.cancel_at, self.current_period_end
        return ends is not None and (period is None or ends <= period)

    @property
    def is_behind(self) -> bool:
        """Whether a payment failed: of the plan, or for usage above it."""
        return self.past_due_since is not None or self.status in FAILING

    @property
    def is_entitled(self) -> bool:
        """Whether what the subscription brings holds now."""
        return self.status in ENTITLING | FAILING and not self.grace_ended

    @property
    def grace_ends_at(self) -> datetime | None:
        """Until when the plan is kept without a payment; None: nothing is owed, or there is no plan that
        could be lost."""
        if self.past_due_since is None or not self.has_subscription:
            return None
        return self.past_due_since + catalogue.rules().grace

    def bear(self, owed: Owed) -> None:
        """Decide what a failed payment means; after `adopt`. Saves nothing.

        The days of grace count from the oldest invoice that was tried and is open, so a second renewal
        that fails begins no new ones, and neither does usage after the plan; and Stripe's final action (none,
        unpaid) does not matter.
        """
        self.past_due_since, self.owed = owed.since, owed.amount
        self.asks_to_confirm = owed.asks
        ends_at = self.grace_ends_at
        # Unpaid, and nothing is open that could be paid: somebody gave it up at Stripe.
        given_up = self.status == "unpaid" and ends_at is None
        self.grace_ended = given_up or (ends_at is not None and ends_at <= owed.asked_at)
        if self.grace_ended:
            self.plan_key = catalogue.first_plan_key()

    def adopt(self, subscription: stripe.Subscription | None) -> None:
        """Take over what Stripe says; None: there is no subscription. Saves nothing."""
        if subscription is None or subscription.status not in LIVE:
            self.plan_key = catalogue.first_plan_key()
            self.interval = ""
            self.subscription_id = None
            self.status = subscription.status if subscription else ""
            self.amount, self.currency = None, ""
            self.current_period_end = self.cancel_at = None
            return
        item = plan_item(subscription)
        if item is None:
            raise ValueError(f"{subscription.id} has no item that is a plan of ours.")
        self.subscription_id = subscription.id
        self.status = subscription.status
        self.interval = item.price.recurring.interval if item.price.recurring else ""
        self.amount, self.currency = item.price.unit_amount, item.price.currency
        self.current_period_end = _moment(item.current_period_end)
        at_period_end = item.current_period_end if subscription.cancel_at_period_end else None
        self.cancel_at = _moment(subscription.cancel_at or at_period_end)
        entitled = subscription.status in ENTITLING | FAILING  # `bear` says for how long
        self.plan_key = item.price.metadata["plan"] if entitled else catalogue.first_plan_key()
        self.pays_in = self.pays_in or item.price.currency
        if subscription.trial_start and self.trial_began_at is None:
            self.trial_began_at = _moment(subscription.trial_start)
        if not is_tried(subscription):  # a trial that can still be bought in an open checkout
            self.checkout_open = False


CARDLESS = "trial"  # metadata key of subscriptions that we began for trying


def is_own_trial(subscription: stripe.Subscription) -> bool:
    """Whether it is a running trial that was begun here, and not bought."""
    ours = bool(subscription.metadata) and CARDLESS in (subscription.metadata or {})
    return subscription.status == "trialing" and ours


def is_tried(subscription: stripe.Subscription) -> bool:
    """Whether it is a trial that nobody would pay for at its end: no way of paying is kept with it, nor
    with its customer (which must be expanded)."""
    return subscription.status == "trialing" and not (
        subscription.default_payment_method or _of_customer(subscription.customer)
    )


def _of_customer(customer: stripe.Customer | str) -> stripe.PaymentMethod | str | None:
    settings = None if isinstance(customer, str) else customer.invoice_settings
    return settings.default_payment_method if settings else None


def plan_item(subscription: stripe.Subscription) -> stripe.SubscriptionItem | None:
    """The item of a subscription that is the plan; others may be metered usage or add-ons. None: it
    is not ours, somebody made it by hand at Stripe.

    A price says by its metadata which plan it is: a lookup key moves on when the price changes.
    """
    items = subscription["items"].data
    return next((item for item in items if "plan" in (item.price.metadata or {})), None)


def _moment(seconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
