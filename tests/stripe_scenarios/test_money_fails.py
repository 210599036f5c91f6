"""Renewals that fail, are tried again, are given up or mended; cards that ask; refunds, disputes."""

from __future__ import annotations

import pytest
import stripe

from .conftest import Books, Opener, at

DAY = 24 * 3600
FAILS, ASKS, DISPUTES = (
    "pm_card_chargeCustomerFail",
    "pm_card_authenticationRequired",
    "pm_card_createDispute",
)


def failing(here: Books) -> stripe.Subscription:
    """A subscription whose renewal of 1 May was declined."""
    made = here.subscribe(here.price(2900))
    here.give_card(str(made.customer), FAILS)
    here.pass_until(at("2027-05-01") + 7200)
    return made


def charge_of(here: Books, invoice: stripe.Invoice) -> stripe.Charge:
    payments = here.api.invoice_payments.list({"invoice": invoice.id}).data
    intent = here.api.payment_intents.retrieve(
        str(payments[0].payment.payment_intent), {"expand": ["latest_charge"]}
    )
    charge: stripe.Charge = intent.latest_charge
    return charge


def test_a_failed_renewal_is_past_due_and_tried_again(books: Opener) -> None:
    here = books("2027-04-01")
    made = failing(here)
    assert here.fresh(made).status == "past_due"
    unpaid = here.invoices(made)[-1]
    assert (unpaid.status, unpaid.attempt_count) == ("open", 1)
    assert unpaid.next_payment_attempt > here.now()
    here.give_card(str(made.customer), "pm_card_visa")
    here.pass_until(unpaid.next_payment_attempt + 7200)
    assert here.fresh(made).status == "active"
    assert here.invoices(made)[-1].status == "paid"


def test_the_open_invoice_is_paid_at_once_with_the_mended_card(books: Opener) -> None:
    here = books("2027-04-01")
    made = failing(here)
    unpaid = here.invoices(made)[-1]
    with pytest.raises(stripe.CardError):
        here.api.invoices.pay(unpaid.id)
    here.give_card(str(made.customer), "pm_card_visa")
    assert here.api.invoices.pay(unpaid.id).status == "paid"
    assert here.fresh(made).status == "active"


def test_a_renewal_that_asks_for_authentication(books: Opener) -> None:
    here = books("2027-04-01")
    made = here.subscribe(here.price(2900))
    here.give_card(str(made.customer), ASKS)
    here.pass_until(at("2027-05-01") + 7200)
    assert here.fresh(made).status == "past_due"
    unpaid = here.invoices(made)[-1]
    payment = here.api.invoice_payments.list({"invoice": unpaid.id}).data[0].payment
    intent = here.api.payment_intents.retrieve(str(payment.payment_intent))
    assert intent.status == "requires_action"
    types = [one.type for one in here.api.events.list({"limit": 50}).data]
    assert "invoice.payment_action_required" in types


def test_a_first_payment_that_asks_leaves_it_incomplete(books: Opener) -> None:
    here = books("2027-04-01")
    made = here.subscribe(here.price(2900), customer=here.customer(card=ASKS))
    assert made.status == "incomplete"


def test_a_refund_in_two_parts_and_not_more(books: Opener) -> None:
    here = books("2027-04-01")
    invoice = here.invoices(here.subscribe(here.price(2900)))[0]
    charge = charge_of(here, invoice)
    part = here.api.refunds.create({"charge": charge.id, "amount": 900})
    assert (part.status, part.amount) == ("succeeded", 900)
    rest = here.api.refunds.create(
        {"payment_intent": str(charge.payment_intent), "reason": "requested_by_customer"}
    )
    assert rest.amount == 2000
    refunded = here.api.charges.retrieve(charge.id)
    assert (refunded.amount_refunded, refunded.refunded) == (2900, True)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        here.api.refunds.create({"charge": charge.id})
    assert refused.value.code == "charge_already_refunded"


def test_a_dispute_is_lost_or_won_by_its_evidence(books: Opener) -> None:
    here = books("2027-04-01")
    for evidence, status in (("winning_evidence", "won"), ("losing_evidence", "lost")):
        customer = here.customer(card=DISPUTES)
        invoice = here.invoices(here.subscribe(here.price(2900), customer=customer))[0]
        charge = charge_of(here, invoice)
        dispute = here.api.disputes.list({"charge": charge.id}).data[0]
        assert (dispute.status, dispute.reason) == ("needs_response", "fraudulent")
        here.api.disputes.update(
            dispute.id, {"evidence": {"uncategorized_text": evidence}, "submit": True}
        )
        assert here.api.disputes.retrieve(dispute.id).status == status


def test_a_credit_note_of_a_paid_invoice_goes_where_it_is_told(books: Opener) -> None:
    here = books("2027-04-01")
    made = here.subscribe(here.price(2900))
    invoice = here.invoices(made)[0]
    with pytest.raises(stripe.InvalidRequestError):
        here.api.credit_notes.create({"invoice": invoice.id, "amount": 900})
    note = here.api.credit_notes.create(
        {"invoice": invoice.id, "amount": 900, "refund_amount": 500, "credit_amount": 400}
    )
    assert (note.total, note.type) == (900, "post_payment")
    assert charge_of(here, invoice).amount_refunded == 500
    assert here.api.customers.retrieve(str(made.customer)).balance == -400
    here.pass_until(at("2027-05-01") + 7200)
    assert here.invoices(made)[-1].amount_paid == 2500


def test_a_credit_note_of_an_open_invoice_lowers_what_is_due(books: Opener) -> None:
    here = books("2027-04-01")
    made = failing(here)
    unpaid = here.invoices(made)[-1]
    note = here.api.credit_notes.create({"invoice": unpaid.id, "amount": 900})
    assert note.type == "pre_payment"
    here.give_card(str(made.customer), "pm_card_visa")
    paid = here.api.invoices.pay(unpaid.id)
    assert (paid.status, paid.amount_paid) == ("paid", 2000)


def test_a_customers_credit_is_on_record(books: Opener) -> None:
    here = books("2027-04-01")
    customer = here.customer()
    here.api.customers.balance_transactions.create(customer, {"amount": -1000, "currency": "usd"})
    made = here.subscribe(here.price(2900), customer=customer)
    assert here.invoices(made)[0].amount_paid == 1900
    moves = here.api.customers.balance_transactions.list(customer).data
    assert [(move.type, move.amount) for move in moves] == [
        ("applied_to_invoice", 1000),
        ("adjustment", -1000),
    ]
