"""The customer portal's configurations and sessions: https://docs.stripe.com/api/customer_portal."""

from typing import Any

import stripe

from stripe_simulator.identifiers import new_id
from stripe_simulator.metadata import merge_metadata
from stripe_simulator.shapes import Json, shape
from stripe_simulator.store import State

CONFIGURATION = "billing_portal.configuration"
_FEATURES = stripe.billing_portal.Configuration.Features
_REASONS = ["too_expensive", "missing_features", "switched_service", "unused", "other"]


def new_configuration(state: State, params: dict[str, Any], *, is_default: bool) -> Json:
    """What a portal lets a customer do. `params` are those of the API route."""
    configuration = shape(
        stripe.billing_portal.Configuration,
        id=new_id("bpc"),
        active=True,
        business_profile=_profile({}),
        created=state.now(),
        features=features({}),
        is_default=is_default,
        livemode=False,
        login_page={"enabled": False, "url": None},
        metadata={},
        updated=state.now(),
    )
    return apply(state, configuration, params)


def apply(state: State, configuration: Json, params: dict[str, Any]) -> Json:
    """Change the configuration by the parameters of the API route (saved)."""
    if "business_profile" in params:
        profile = params["business_profile"] or {}
        configuration["business_profile"] = _profile(configuration["business_profile"] | profile)
    for name in ("default_return_url", "name"):
        if name in params:
            configuration[name] = params[name] or None
    if "active" in params:
        configuration["active"] = params["active"]
    for name, given in (params.get("features") or {}).items():
        configuration["features"][name] = _feature(name, configuration["features"][name], given)
    merge_metadata(configuration, params)
    configuration["updated"] = state.now()
    return state.save(configuration)


def _profile(given: Json) -> Json:
    return shape(stripe.billing_portal.Configuration.BusinessProfile, **given)


def features(given: dict[str, Any]) -> Json:
    """All features, those that are not given switched off."""
    off: Json = {
        "customer_update": {"allowed_updates": [], "enabled": False},
        "invoice_history": {"enabled": False},
        "payment_method_update": {"enabled": False, "payment_method_configuration": None},
        "subscription_cancel": {
            "cancellation_reason": {
                "enabled": False,
                "feedback_options": None,
                "options": _REASONS,
            },
            "enabled": False,
            "mode": "at_period_end",
            "proration_behavior": "none",
        },
        "subscription_update": shape(
            _FEATURES.SubscriptionUpdate,
            billing_cycle_anchor=None,
            default_allowed_updates=[],
            enabled=False,
            products=[],
            proration_behavior="none",
            schedule_at_period_end={"conditions": []},
            trial_update_behavior="end_trial",
        ),
    }
    return {name: _feature(name, was, given.get(name) or {}) for name, was in off.items()}


def _feature(name: str, was: Json, given: Json) -> Json:
    changed = was | given
    if name == "subscription_update":
        changed["products"] = [
            {"adjustable_quantity": {"enabled": False, "maximum": None, "minimum": 1}} | one
            for one in changed["products"] or []
        ]
    return changed


def new_portal_session(
    state: State,
    *,
    customer: str,
    configuration: str,
    flow: Json | None,
    return_url: str | None,
    locale: str | None,
) -> Json:
    """A door to the portal for one customer; its address is its only key."""
    id = new_id("bps")
    return state.save(
        shape(
            stripe.billing_portal.Session,
            id=id,
            configuration=configuration,
            created=state.now(),
            customer=customer,
            flow=flow,
            livemode=False,
            locale=locale,
            return_url=return_url,
            url=f"{state.public_url}/portal/{id}",
        )
    )


def new_flow(given: Json) -> Json:
    """A deep link into the portal."""
    kind = stripe.billing_portal.Session.Flow
    completion = given.get("after_completion") or {"type": "portal_homepage"}
    named = {key: given[key] for key in given if key not in ("after_completion", "type")}
    if confirm := named.get("subscription_update_confirm"):
        items = [shape(kind.SubscriptionUpdateConfirm.Item, **item) for item in confirm["items"]]
        named["subscription_update_confirm"] = shape(
            kind.SubscriptionUpdateConfirm, **confirm | {"items": items}
        )
    if cancel := named.get("subscription_cancel"):
        named["subscription_cancel"] = shape(kind.SubscriptionCancel, **cancel)
    return shape(
        kind,
        after_completion=shape(kind.AfterCompletion, **completion),
        type=given["type"],
        **named,
    )
