"""Stripe's test cards: which numbers and tokens exist, and which of them are declined."""

import re
from dataclasses import dataclass
from typing import Literal

from stripe_simulator.errors import CardError, StripeError


@dataclass(frozen=True)
class Decline:
    """Why a bank said no: Stripe's error `code` and, for `card_declined`, its `decline_code`."""

    code: str
    message: str
    decline_code: str | None = None

    @property
    def asks_for_authentication(self) -> bool:
        return self.code == AUTHENTICATION.code

    def error(self, *, keeps_changes: bool = True) -> CardError:
        error = CardError(self.message, code=self.code)
        if self.decline_code:
            error.details["decline_code"] = self.decline_code
        error.keeps_changes = keeps_changes
        return error


@dataclass(frozen=True)
class TestCard:
    """`attaches` is false for a card that is refused already when it is saved.

    `authentication` says when its bank wants 3-D Secure: at each payment, or only until it was
    done once when the card was set up. `dispute` names the reason why its holder disputes.
    """

    number: str
    brand: str = "visa"
    decline: Decline | None = None
    attaches: bool = True
    authentication: Literal["always", "until_set_up"] | None = None
    dispute: str | None = None


AUTHENTICATION = Decline(
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
    "authentication_required",
)
_DECLINED = Decline("card_declined", "Your card was declined.", "generic_decline")
_NO_FUNDS = Decline("card_declined", "Your card has insufficient funds.", "insufficient_funds")
_EXPIRED = Decline("expired_card", "Your card has expired.")
_CVC = Decline("incorrect_cvc", "Your card's security code is incorrect.")
_PROCESSING = Decline(
    "processing_error",
    "An error occurred while processing your card. Try again in a little bit.",
)

CARDS = {
    card.number: card
    for card in (
        TestCard("4242424242424242"),
        TestCard("5555555555554444", brand="mastercard"),
        TestCard("378282246310005", brand="amex"),
        TestCard("4000000000000002", decline=_DECLINED, attaches=False),
        TestCard("4000000000009995", decline=_NO_FUNDS, attaches=False),
        TestCard("4000000000000069", decline=_EXPIRED, attaches=False),
        TestCard("4000000000000127", decline=_CVC, attaches=False),
        TestCard("4000000000000119", decline=_PROCESSING, attaches=False),
        TestCard("4000000000000341", decline=_DECLINED),
        TestCard("4000002760003184", authentication="always"),
        TestCard("4000002500003155", authentication="until_set_up"),
        TestCard("4000000000000259", dispute="fraudulent"),
    )
}
TOKENS = {
    "pm_card_visa": CARDS["4242424242424242"],
    "pm_card_mastercard": CARDS["5555555555554444"],
    "pm_card_amex": CARDS["378282246310005"],
    "pm_card_chargeDeclined": CARDS["4000000000000002"],
    "pm_card_visa_chargeDeclined": CARDS["4000000000000002"],
    "pm_card_chargeDeclinedInsufficientFunds": CARDS["4000000000009995"],
    "pm_card_chargeDeclinedExpiredCard": CARDS["4000000000000069"],
    "pm_card_chargeDeclinedIncorrectCvc": CARDS["4000000000000127"],
    "pm_card_chargeDeclinedProcessingError": CARDS["4000000000000119"],
    "pm_card_chargeCustomerFail": CARDS["4000000000000341"],
    "pm_card_authenticationRequired": CARDS["4000002760003184"],
    "pm_card_authenticationRequiredOnSetup": CARDS["4000002500003155"],
    "pm_card_createDispute": CARDS["4000000000000259"],
    "tok_createDispute": CARDS["4000000000000259"],
    "tok_visa": CARDS["4242424242424242"],
    "tok_chargeDeclined": CARDS["4000000000000002"],
    "tok_chargeCustomerFail": CARDS["4000000000000341"],
}


def by_number(number: str) -> TestCard:
    """The test card with this number, spaces ignored. Raises StripeError for any other."""
    card = CARDS.get(re.sub(r"[\s-]", "", number))
    if card is None:
        error = StripeError(
            "Your card was declined. Your request was in test mode, but used a non test card. "
            "For a list of valid test cards, visit: https://stripe.com/docs/testing.",
            code="card_declined",
            param="card[number]",
            status=402,
        )
        error.type = "card_error"
        raise error
    return card
