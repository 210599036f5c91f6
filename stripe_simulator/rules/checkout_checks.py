"""What a new Checkout session may be asked for, in whichever mode."""

from typing import Any
from urllib.parse import urlsplit

from stripe_simulator.errors import NotSimulated, StripeError, invalid, missing
from stripe_simulator.objects.checkout_sessions import LIFETIME
from stripe_simulator.sources import documented
from stripe_simulator.store import State

_SHORTEST = 30 * 60
# Parameters whose only simulated value is the one that changes nothing.
_OFF = {"tax_id_collection": "enabled"}
_SUBSCRIPTION_DATA = {
    *("billing_mode", "default_tax_rates", "description", "metadata", "trial_end"),
    *("trial_period_days", "trial_settings"),
}


def not_in(mode: str, name: str) -> StripeError:
    """The refusal of a parameter that belongs to another mode."""
    return invalid(f"You can not pass `{name}` in `{mode}` mode.", name)


@documented("api/checkout/sessions/create#create_checkout_session-expires_at")
def check_expiry(state: State, params: dict[str, Any]) -> None:
    expires = params.get("expires_at", state.now() + LIFETIME)
    if not state.now() + _SHORTEST - 60 <= expires <= state.now() + LIFETIME:
        raise invalid(
            "The `expires_at` timestamp must be at least 30 minutes and at most 24 hours from "
            "Checkout Session creation.",
            "expires_at",
        )


def check_addresses(params: dict[str, Any]) -> None:
    if not params.get("success_url"):
        raise missing("success_url")
    for name in ("success_url", "cancel_url"):
        if params.get(name) and not urlsplit(params[name]).netloc:
            raise invalid("Not a valid URL", name, code="url_invalid")


def check_options(params: dict[str, Any]) -> None:
    for name, switch in _OFF.items():
        if (params.get(name) or {}).get(switch):
            raise NotSimulated(f"The parameter `{name}`", param=name)
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise NotSimulated("A Checkout that is not hosted", param="ui_mode")
    if params.get("payment_method_types", ["card"]) != ["card"]:
        raise NotSimulated("A payment method that is not a card", param="payment_method_types")
    for name, choice in (params.get("customer_update") or {}).items():
        if name != "name" and choice == "auto":
            raise NotSimulated(f"`customer_update[{name}]`", param=f"customer_update[{name}]")
    for name in (params.get("custom_text") or {}).keys() - {"submit"}:
        raise NotSimulated(f"`custom_text[{name}]`", param=f"custom_text[{name}]")
    for name in (params.get("subscription_data") or {}).keys() - _SUBSCRIPTION_DATA:
        raise NotSimulated(f"`subscription_data[{name}]`", param=f"subscription_data[{name}]")
