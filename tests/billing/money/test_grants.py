"""What staff give and take back: by the page and by the command, once, with a reason and an end."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from io import StringIO

import pytest
import stripe as sdk
from django.core.management import CommandError, call_command
from django.utils import timezone

from billing import entitlements, granting, upkeep
from billing.models import StaffCredit, StaffGrant, Subscription, TrialExtension
from tenants.models import AuditEntry
from tests.billing.conftest import Shop, customers_of
from tests.billing.faults import FAULTS, Faults, Kind
from tests.billing.money.conftest import LAST_DAY, Desk

DAY = timedelta(days=1)
END = datetime.combine(LAST_DAY + DAY, time(), UTC)


def balance(stripe: sdk.StripeClient, shop: Shop) -> int:
    return stripe.v1.customers.retrieve(shop.customer).balance or 0


def moves(stripe: sdk.StripeClient, shop: Shop) -> list[int]:
    """Of the balance, the oldest first."""
    listed = stripe.v1.customers.balance_transactions.list(shop.customer, {"limit": 100}).data
    return [each.amount for each in reversed(listed)]


def audited(shop: Shop) -> list[str]:
    rows = AuditEntry.objects.filter(tenant=shop.tenant, action__regex="^(grant|credit|trial).")
    return list(rows.order_by("id").values_list("action", flat=True))


def key_of(desk: Desk) -> str:
    return granting.given_to(desk.shop.tenant)[0].key


def test_a_plan_is_given_until_a_day_and_revoked(desk: Desk) -> None:
    assert desk.give(what="plan", plan="business").status_code == 302
    assert desk.shop.limit("links") == 10_000
    [row] = StaffGrant.objects.filter(tenant=desk.shop.tenant)
    assert (row.ends_at, row.by) == (END, desk.user)
    page = desk.client.get(desk.path("grants/")).content.decode()
    assert "They waited." in page
    assert "Plan: Business" in page
    assert f"End of {END - timedelta(days=1):%-d %b %Y}" in page
    assert "They waited." in desk.client.get("/staff/revenue/grants/").content.decode()
    assert "They waited." in desk.history()
    assert desk.revoke(key_of(desk)).status_code == 302
    assert desk.shop.limit("links") == 10
    assert not entitlements.allows(desk.shop.tenant, "own_domains").allowed
    page = desk.client.get(desk.path("grants/")).content.decode()
    assert "Revoked" in page
    assert "They waited." not in desk.client.get("/staff/revenue/grants/").content.decode()
    desk.revoke(key_of(desk))
    assert audited(desk.shop) == ["grant.given", "grant.revoked"]


def test_a_feature_is_given(desk: Desk) -> None:
    desk.give(what="feature", feature="own_domains")
    assert entitlements.allows(desk.shop.tenant, "own_domains").reason == "grant"


def test_a_credit_is_taken_by_the_next_invoice_and_the_rest_taken_back(
    desk: Desk, stripe: sdk.StripeClient
) -> None:
    desk.shop.buy("pro")
    assert desk.give(what="credit", amount="12.50").status_code == 302
    assert balance(stripe, desk.shop) == -12_50
    # Something is bought that the balance pays in part: 7.00 of it.
    item = {"customer": desk.shop.customer, "amount": 7_00, "currency": "usd"}
    stripe.v1.invoice_items.create(item)
    invoice = stripe.v1.invoices.create(
        {"customer": desk.shop.customer, "pending_invoice_items_behavior": "include"}
    )
    stripe.v1.invoices.finalize_invoice(str(invoice.id))
    assert balance(stripe, desk.shop) == -5_50
    assert desk.revoke(key_of(desk)).status_code == 302
    assert balance(stripe, desk.shop) == 0
    desk.revoke(key_of(desk))
    assert moves(stripe, desk.shop) == [-12_50, 7_00, 5_50]
    assert audited(desk.shop) == ["credit.given", "credit.revoked", "credit.ended"]
    page = desk.client.get(desk.path("money/")).content.decode()
    assert "Credit given" in page
    assert "$12.50" in page


def test_a_credit_ends_at_its_end(desk: Desk, stripe: sdk.StripeClient) -> None:
    desk.shop.buy("pro")
    desk.give(what="credit", amount="3.00")
    later = END
    assert granting.settle_due(now=later - DAY) == 0
    assert granting.settle_due(now=later) == 1
    assert granting.settle_due(now=later) == 0
    assert moves(stripe, desk.shop) == [-3_00, 3_00]
    assert StaffCredit.objects.get(tenant=desk.shop.tenant).taken_back == 3_00


def test_who_never_paid_gets_no_credit(desk: Desk, stripe: sdk.StripeClient) -> None:
    answer = desk.give(what="credit", amount="3.00")
    assert answer.status_code == 409
    assert "has never paid" in answer.content.decode()
    assert not StaffCredit.objects.filter(tenant=desk.shop.tenant).exists()
    assert customers_of(desk.shop.tenant, stripe) == []


def test_a_running_trial_is_made_longer_and_shorter_again(
    desk: Desk, stripe: sdk.StripeClient
) -> None:
    desk.shop.owner.post("/billing/trial/", {"plan": "pro", "interval": "month"})
    row = Subscription.objects.get(tenant=desk.shop.tenant)
    was = row.trial_end
    assert was is not None
    until = f"{was + 30 * DAY:%Y-%m-%d}"
    assert desk.give(what="trial", until=until).status_code == 302
    row.refresh_from_db()
    assert row.trial_end is not None
    assert f"{row.trial_end - DAY:%Y-%m-%d}" == until
    assert stripe.v1.subscriptions.retrieve(row.stripe_id).trial_end == row.trial_end.timestamp()
    again = desk.give(what="trial", until=until)
    assert again.status_code == 409
    assert "The trial goes on until" in again.content.decode()
    desk.revoke(key_of(desk))
    row.refresh_from_db()
    assert row.trial_end == was.replace(microsecond=0)
    assert desk.shop.account.status == "trialing"
    assert audited(desk.shop) == ["trial.started", "trial.extended", "trial.extension_revoked"]


def test_a_workspace_that_tries_nothing_gets_a_trial_of_its_own(desk: Desk) -> None:
    assert desk.give(what="trial", plan="team").status_code == 302
    assert entitlements.allows(desk.shop.tenant, "own_domains").reason == "grant"
    desk.revoke(key_of(desk))
    assert desk.shop.limit("links") == 10
    desk.shop.buy("pro")
    answer = desk.give(what="trial", plan="team")
    assert answer.status_code == 409
    assert "pays already" in answer.content.decode()


@pytest.mark.parametrize(
    "form",
    [
        {"what": "plan", "plan": ""},
        {"what": "plan", "plan": "nothing"},
        {"what": "feature"},
        {"what": "credit", "amount": "0"},
        {"what": "credit", "amount": "1.001"},
        {"what": "everything"},
        {"what": "plan", "plan": "pro", "until": "2020-01-01"},
        {"what": "plan", "plan": "pro", "until": "2999-01-01"},
        {"what": "plan", "plan": "pro", "until": "soon"},
        {"what": "plan", "plan": "pro", "reason": " "},
        {"what": "plan", "plan": "pro", "reason": "x" * 301},
    ],
)
def test_what_makes_no_sense_is_refused_in_words(desk: Desk, form: dict[str, str]) -> None:
    answer = desk.give(**form)
    assert answer.status_code in (400, 409)
    assert "error" in answer.content.decode()
    assert granting.given_to(desk.shop.tenant) == []


@pytest.mark.thorough
@pytest.mark.parametrize("kind", FAULTS)
def test_a_stripe_that_fails_gives_nothing_twice(
    desk: Desk, stripe: sdk.StripeClient, faults: Faults, kind: Kind
) -> None:
    """The credit comes once, also where Stripe had it already; and so it is taken back."""
    desk.shop.buy("pro")
    with faults.on("/balance_transactions", kind):
        answer = desk.client.post(
            desk.path("grants/"),
            {
                "what": "credit",
                "amount": "4.00",
                "until": f"{LAST_DAY:%Y-%m-%d}",
                "reason": "Sorry.",
            },
            follow=True,
        )
    assert "it is brought there within minutes, once" in answer.content.decode()
    assert "On its way to Stripe" in answer.content.decode()
    for _ in range(2):
        granting.settle_due()
    assert moves(stripe, desk.shop) == [-4_00]
    with faults.on("/balance_transactions", kind):
        desk.revoke(key_of(desk))
    for _ in range(2):
        granting.settle_due()
    assert moves(stripe, desk.shop) == [-4_00, 4_00]
    assert audited(desk.shop) == ["credit.given", "credit.revoked", "credit.ended"]


@pytest.mark.thorough
@pytest.mark.parametrize("kind", FAULTS)
def test_a_longer_trial_comes_also_when_stripe_fails(
    desk: Desk, stripe: sdk.StripeClient, faults: Faults, kind: Kind
) -> None:
    desk.shop.owner.post("/billing/trial/", {"plan": "pro", "interval": "month"})
    row = Subscription.objects.get(tenant=desk.shop.tenant)
    was = row.trial_end
    assert was is not None
    with faults.on("/v1/subscriptions", kind):
        desk.give(what="trial", until=f"{was + 9 * DAY:%Y-%m-%d}")
    assert TrialExtension.objects.get(tenant=desk.shop.tenant).done_at is None
    granting.settle_due()
    row.refresh_from_db()
    assert row.trial_end is not None
    assert row.trial_end > was + 8 * DAY
    with faults.on("/v1/subscriptions", kind):
        desk.revoke(key_of(desk))
    granting.settle_due()
    row.refresh_from_db()
    assert row.trial_end == was.replace(microsecond=0)


def test_what_was_revoked_before_it_came_is_not_brought(
    desk: Desk, stripe: sdk.StripeClient, faults: Faults
) -> None:
    desk.shop.buy("pro")
    with faults.on("/balance_transactions", "away"):
        desk.give(what="credit", amount="4.00")
    desk.revoke(key_of(desk))
    upkeep.ask_stripe(now=timezone.now() + DAY)
    assert moves(stripe, desk.shop) == []


def test_what_stripe_refuses_for_good_is_said(
    desk: Desk, stripe: sdk.StripeClient, faults: Faults
) -> None:
    desk.shop.buy("pro")
    with faults.on("/balance_transactions", 402):
        desk.give(what="credit", amount="4.00")
        granting.settle_due()
    page = desk.client.get(desk.path("grants/")).content.decode()
    assert "Not given" in page
    granting.settle_due()
    assert moves(stripe, desk.shop) == []


def test_the_command_gives_what_the_page_gives(desk: Desk, stripe: sdk.StripeClient) -> None:
    desk.shop.buy("pro")
    slug, said = desk.shop.tenant.slug, ["--until", f"{END:%Y-%m-%d}", "--reason", "Sorry."]
    call_command("grant", slug, "--credit", "250", *said, stdout=StringIO())
    call_command("grant", slug, "--plan", "business", *said, stdout=StringIO())
    assert moves(stripe, desk.shop) == [-2_50]
    assert desk.shop.limit("links") == 10_000
    listed = StringIO()
    call_command("grant", slug, "--list", stdout=listed)
    assert f"Credit of $2.50 until {END:%Y-%m-%d}, running: Sorry." in listed.getvalue()
    for each in granting.given_to(desk.shop.tenant):
        call_command("grant", slug, "--revoke", each.key, stdout=StringIO())
    assert moves(stripe, desk.shop) == [-2_50, 2_50]
    assert desk.shop.limit("links") == 1_000
    for wrong in (["--revoke", "credit-0"], ["--plan", "pro"], ["--credit", "5", "--until", "2020-01-01",
                  "--reason", "x"]):  # fmt: skip
        with pytest.raises(CommandError):
            call_command("grant", slug, *wrong)
