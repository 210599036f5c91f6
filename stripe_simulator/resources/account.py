"""The account: https://docs.stripe.com/api/accounts."""

import stripe

from stripe_simulator.account import ACCOUNT_ID, ACCOUNT_NAME, COUNTRY, CURRENCY
from stripe_simulator.errors import no_such
from stripe_simulator.listing import PAGING, page
from stripe_simulator.registry import Call, route
from stripe_simulator.shapes import Json, shape


@route("GET", "/v1/account")
def retrieve_current(call: Call) -> Json:
    return _account()


@route("GET", "/v1/accounts", honours=PAGING)
def list_connected(call: Call) -> Json:
    """Accounts that are connected to this one: none is."""
    return page(call, "account")


@route("GET", "/v1/accounts/{account}")
def retrieve(call: Call) -> Json:
    if call.path["account"] != ACCOUNT_ID:
        raise no_such("account", call.path["account"])
    return _account()


def _account() -> Json:
    settings = stripe.Account.Settings
    return shape(
        stripe.Account,
        id=ACCOUNT_ID,
        business_profile=shape(stripe.Account.BusinessProfile, name=ACCOUNT_NAME),
        capabilities={"card_payments": "active", "transfers": "active"},
        charges_enabled=True,
        country=COUNTRY,
        default_currency=CURRENCY,
        details_submitted=True,
        metadata={},
        payouts_enabled=True,
        settings=shape(
            settings,
            branding=shape(settings.Branding),
            card_payments=shape(settings.CardPayments),
            dashboard=shape(settings.Dashboard, display_name=ACCOUNT_NAME, timezone="Etc/UTC"),
            payments=shape(settings.Payments),
        ),
        type="standard",
    )
