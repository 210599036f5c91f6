"""The customer portal: https://docs.stripe.com/api/customer_portal."""

from stripe_simulator.errors import StripeError, invalid, missing
from stripe_simulator.events import emit
from stripe_simulator.listing import PAGING, page
from stripe_simulator.objects import portal
from stripe_simulator.registry import Call, route
from stripe_simulator.shapes import Json

_HONOURED = "business_profile default_return_url features metadata name"
_FLOWS = {
    "payment_method_update": None,
    "subscription_cancel": "subscription_cancel",
    "subscription_update": "subscription_update",
    "subscription_update_confirm": "subscription_update_confirm",
}


@route("POST", "/v1/billing_portal/configurations", honours=_HONOURED)
def create_configuration(call: Call) -> Json:
    first = not call.state.select(portal.CONFIGURATION, limit=1)
    made = portal.new_configuration(call.state, call.params, is_default=first)
    emit(call.state, "billing_portal.configuration.created", made)
    return made


@route("GET", "/v1/billing_portal/configurations/{configuration}")
def retrieve_configuration(call: Call) -> Json:
    return call.state.require(portal.CONFIGURATION, call.path["configuration"])


@route("POST", "/v1/billing_portal/configurations/{configuration}", honours=f"active {_HONOURED}")
def update_configuration(call: Call) -> Json:
    changed = portal.apply(call.state, retrieve_configuration(call), call.params)
    emit(call.state, "billing_portal.configuration.updated", changed)
    return changed


@route("GET", "/v1/billing_portal/configurations", honours=f"{PAGING} active is_default")
def list_configurations(call: Call) -> Json:
    where = {name: call.params.get(name) for name in ("active", "is_default")}
    return page(call, portal.CONFIGURATION, where)


@route(
    "POST",
    "/v1/billing_portal/sessions",
    honours="configuration customer flow_data locale return_url",
)
def create_session(call: Call) -> Json:
    params, state = call.params, call.state
    if "customer" not in params:
        raise missing("customer")
    state.require("customer", params["customer"], param="customer", status=400)
    configuration = _configuration(call)
    flow = params.get("flow_data")
    if flow:
        _check_flow(call, flow)
    made = portal.new_portal_session(
        state,
        customer=params["customer"],
        configuration=configuration["id"],
        flow=portal.new_flow(flow) if flow else None,
        return_url=params.get("return_url") or configuration["default_return_url"],
        locale=params.get("locale"),
    )
    emit(state, "billing_portal.session.created", made)
    return made


def _configuration(call: Call) -> Json:
    if id := call.params.get("configuration"):
        return call.state.require(portal.CONFIGURATION, id, param="configuration", status=400)
    default = call.state.select(portal.CONFIGURATION, {"is_default": True})
    if not default:
        raise StripeError(
            "You can't create a portal session in test mode until you save your customer portal "
            "settings in test mode at https://dashboard.stripe.com/test/settings/billing/portal."
        )
    return default[0]


def _check_flow(call: Call, flow: Json) -> None:
    """Raises StripeError for a flow that is not simulated, or of another customer's subscription."""
    details = _FLOWS.get(flow["type"], "unknown")
    if details == "unknown":
        raise invalid(f"The flow `{flow['type']}` is not simulated.", "flow_data[type]")
    if details is None:
        return
    if details not in flow:
        raise missing(f"flow_data[{details}]")
    param = f"flow_data[{details}][subscription]"
    id = flow[details]["subscription"]
    found = call.state.require("subscription", id, param=param, status=400)
    if found["customer"] != call.params["customer"]:
        raise invalid("The subscription belongs to another customer.", param)
