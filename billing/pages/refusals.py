"""What goes wrong while paying, as a page in words instead of a stack trace."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import stripe
import structlog
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from billing import failures
from billing.selling.forms import NotOffered, WrongSeats
from billing.selling.prices import NotForSale
from billing.subscriptions.changing.wanted import NotNow
from billing.subscriptions.subscription import NoSubscription, OnlyTried
from billing.subscriptions.trials import NoTrial

log = structlog.get_logger()
View = Callable[..., HttpResponse]


class AddressNotVerified(Exception):
    """Who pays must have proved that the invoices reach them."""


def in_words(view: View) -> View:
    """Answer the exceptions of billing's flows with a page that says what to do."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except stripe.CardError as error:
            return _page(request, 402, "The payment did not go through", error.user_message or "")
        except stripe.StripeError as error:
            passing = failures.passes(error)
            said = log.warning if passing else log.error
            said("billing.stripe_failed", path=request.path, error=repr(error))
            return _page(request, 503, *UNREACHABLE) if passing else _page(request, 409, *REFUSED)
        except NotForSale as error:
            log.error("billing.not_for_sale", error=str(error))
            return _page(request, 503, *NOT_FOR_SALE)
        except AddressNotVerified:
            return _page(request, 403, *NOT_VERIFIED)
        except WrongSeats as error:
            return _page(request, 400, WRONG_SEATS, str(error))
        except NotOffered:
            return _page(request, 400, *NOT_OFFERED)
        except NotNow as error:
            return _page(request, 409, "The plan cannot be changed at the moment", str(error))
        except OnlyTried:
            return _page(request, 409, *ONLY_TRIED)
        except NoTrial:
            return _page(request, 409, *NO_TRIAL)
        except NoSubscription:
            return _page(request, 409, *NO_SUBSCRIPTION)

    return answered


def of_card(error: stripe.CardError) -> str:
    """Why a change was not paid, and so not made, to the person who wanted it."""
    if error.code == "authentication_required":
        return (
            "Your bank wants you to confirm the payment, which this card needs each time. Nothing has "
            "changed and nothing was charged. Please pay with another card, or ask your bank."
        )
    said = error.user_message or "The payment did not go through."
    return f"{said} Nothing has changed and nothing was charged. Please look at the card, or use another."


NOT_VERIFIED = (
    "Please verify your address before you pay",
    "We mailed you a link when you signed up; the button above sends it again.",
)
UNREACHABLE = (
    "We cannot reach our payment provider",
    "Nothing was lost: your workspace keeps its plan, and if you have just paid, the new limits "
    "arrive by themselves. Please try again in a few minutes.",
)
REFUSED = (
    "Our payment provider does not accept this",
    "Trying again will not help; we have noted what it said and will look at it. Your workspace keeps "
    "its plan, and nothing was charged.",
)
NOT_FOR_SALE = (
    "This plan cannot be bought at the moment",
    "Its price is not set up with our payment provider yet. You were not charged; please try again "
    "later.",
)
WRONG_SEATS = "So many seats cannot be bought"
NOT_OFFERED = ("There is no such plan", "Please choose one of the plans on the billing page.")
ONLY_TRIED = (
    "This plan is only tried so far",
    "Choose a plan on the billing page: our payment provider asks for a way of paying, and what is left "
    "of the trial stays yours.",
)
NO_TRIAL = (
    "This plan cannot be tried",
    "A workspace can try a plan once, before it pays for one. You can choose any plan on the billing page "
    "and cancel it at any time.",
)
NO_SUBSCRIPTION = (
    "There is no subscription to change",
    "Your workspace is on the free plan now. Choose a plan on the billing page to subscribe.",
)


def _page(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    again = request.get_full_path() if request.method == "GET" and status == 503 else ""
    context = {"title": title, "text": text, "again": again}
    return render(request, "billing/refusal.html", context, status=status)
