"""Webhook endpoints: https://docs.stripe.com/api/webhook_endpoints."""

import hashlib

import stripe

from stripe_simulator.errors import invalid
from stripe_simulator.identifiers import new_id, token
from stripe_simulator.listing import PAGING, page
from stripe_simulator.metadata import merge_metadata
from stripe_simulator.registry import Call, route
from stripe_simulator.shapes import Json, shape
from stripe_simulator.store import State

_WRITABLE = "description enabled_events metadata url"


@route("POST", "/v1/webhook_endpoints", honours=f"{_WRITABLE} api_version")
def create(call: Call) -> Json:
    endpoint = _endpoint(
        call.state,
        id=new_id("we"),
        url=_checked(call.params["url"]),
        secret=f"whsec_{token(32)}",
        enabled_events=call.params["enabled_events"],
    )
    endpoint["api_version"] = call.params.get("api_version")
    endpoint["description"] = call.params.get("description") or None
    merge_metadata(endpoint, call.params)
    call.state.save(endpoint)
    return endpoint | {"secret": endpoint["_secret"]}  # shown once, as Stripe does


def configure(state: State, *, url: str, secret: str) -> Json:
    """The endpoint given on the command line: one, that follows the address and the secret."""
    id = "we_1" + hashlib.sha256(b"command line").hexdigest()[:23]
    endpoint = _endpoint(state, id=id, url=url, secret=secret, enabled_events=["*"])
    endpoint["created"] = (state.get("webhook_endpoint", id) or endpoint)["created"]
    return state.save(endpoint)


def _endpoint(state: State, *, id: str, url: str, secret: str, enabled_events: list[str]) -> Json:
    endpoint = shape(
        stripe.WebhookEndpoint,
        id=id,
        created=state.now(),
        enabled_events=enabled_events,
        livemode=False,
        metadata={},
        status="enabled",
        url=url,
        _secret=secret,
    )
    del endpoint["secret"]
    return endpoint


@route("GET", "/v1/webhook_endpoints/{webhook_endpoint}")
def retrieve(call: Call) -> Json:
    return _require(call)


@route("POST", "/v1/webhook_endpoints/{webhook_endpoint}", honours=f"{_WRITABLE} disabled")
def update(call: Call) -> Json:
    endpoint, params = _require(call), call.params
    if "url" in params:
        endpoint["url"] = _checked(params["url"])
    if "enabled_events" in params:
        endpoint["enabled_events"] = params["enabled_events"]
    if "description" in params:
        endpoint["description"] = params["description"] or None
    if "disabled" in params:
        endpoint["status"] = "disabled" if params["disabled"] else "enabled"
    merge_metadata(endpoint, params)
    return call.state.save(endpoint)


@route("DELETE", "/v1/webhook_endpoints/{webhook_endpoint}")
def delete(call: Call) -> Json:
    endpoint = _require(call)
    call.state.remove("webhook_endpoint", endpoint["id"])
    return {"id": endpoint["id"], "object": "webhook_endpoint", "deleted": True}


@route("GET", "/v1/webhook_endpoints", honours=PAGING)
def list_all(call: Call) -> Json:
    return page(call, "webhook_endpoint")


def _require(call: Call) -> Json:
    return call.state.require(
        "webhook_endpoint", call.path["webhook_endpoint"], param="webhook_endpoint"
    )


def _checked(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise invalid("Invalid URL: An explicit scheme (such as https) must be provided.", "url")
    return url
