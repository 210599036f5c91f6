"""The card form of the hosted pages, and the page on which a card's bank asks to confirm.

The form's fields: card_number, card_expiry ("12 / 34"), card_cvc, cardholder_name; and, from the
bank's page, authentication ("complete" or "fail").
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from stripe_simulator.cards import TestCard, by_number
from stripe_simulator.errors import CardError, invalid
from stripe_simulator.pages.rendering import page

Fields = dict[str, str]
PREFILLED: Fields = {
    "card_number": "4242 4242 4242 4242",
    "card_expiry": "12 / 34",
    "card_cvc": "123",
    "cardholder_name": "",
}


@dataclass(frozen=True)
class TypedCard:
    """A card as somebody typed it; `confirmed` with its bank."""

    card: TestCard
    exp_month: int
    exp_year: int
    confirmed: bool


async def form_of(request: Request) -> Fields:
    return dict(parse_qsl((await request.body()).decode(errors="replace")))


def read_card(fields: Fields) -> TypedCard:
    """Read the form. Raises StripeError in words for the field that is wrong, or CardError when
    the confirmation failed."""
    expiry = re.fullmatch(r"\s*(\d{1,2})\s*/?\s*(?:20)?(\d{2})\s*", fields.get("card_expiry", ""))
    if expiry is None or not 1 <= int(expiry[1]) <= 12:
        raise invalid("Your card's expiration date is incomplete.", "card_expiry")
    if not re.fullmatch(r"\d{3,4}", fields.get("card_cvc", "").strip()):
        raise invalid("Your card's security code is incomplete.", "card_cvc")
    if fields.get("authentication") == "fail":
        raise not_authenticated()
    return TypedCard(
        card=by_number(fields.get("card_number", "")),
        exp_month=int(expiry[1]),
        exp_year=2000 + int(expiry[2]),
        confirmed=fields.get("authentication") == "complete",
    )


def not_authenticated() -> CardError:
    error = CardError(
        "We are unable to authenticate your payment method. Please choose a different payment "
        "method and try again.",
        code="payment_intent_authentication_failure",
    )
    error.keeps_changes = False
    return error


def asks_to_confirm(card: TestCard | None, fields: Fields) -> bool:
    """Whether the card's bank wants its holder to confirm, who has not been asked yet."""
    return bool(card and card.authentication and not fields.get("authentication"))


def confirmation_page(action: str, fields: Fields, *, words: str = "") -> Response:
    """The bank's page; it sends the same form again, with the answer."""
    return page("authenticate.html", action=action, fields=fields, words=words)
