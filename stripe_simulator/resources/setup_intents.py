"""Setup intents: https://docs.stripe.com/api/setup_intents."""

from stripe_simulator.errors import NotSimulated, StripeError
from stripe_simulator.events import emit
from stripe_simulator.listing import PAGING, page
from stripe_simulator.metadata import merge_metadata
from stripe_simulator.objects.setup_intents import new_setup_intent
from stripe_simulator.registry import Call, route
from stripe_simulator.rules import setting_up
from stripe_simulator.rules.setting_up import confirm as confirm_card
from stripe_simulator.shapes import Json

_CREATE = (
    "automatic_payment_methods confirm customer description metadata payment_method "
    "payment_method_types return_url usage"
)


@route("POST", "/v1/setup_intents", honours=_CREATE)
def create(call: Call) -> Json:
    params = call.params
    if params.get("payment_method_types", ["card"]) != ["card"]:
        raise NotSimulated("A payment method that is not a card", param="payment_method_types")
    if params.get("customer"):
        call.state.require("customer", params["customer"], param="customer", status=400)
    intent = new_setup_intent(
        call.state, customer=params.get("customer"), usage=params.get("usage", "off_session")
    )
    intent["description"] = params.get("description")
    merge_metadata(intent, params)
    call.state.save(intent)
    emit(call.state, "setup_intent.created", intent)
    if params.get("confirm") or params.get("payment_method"):
        return _with_card(call, intent, now=bool(params.get("confirm")))
    return intent


def _with_card(call: Call, intent: Json, *, now: bool) -> Json:
    method = call.params.get("payment_method")
    if now:
        return confirm_card(
            call.state, intent, payment_method=method, return_url=call.params.get("return_url")
        )
    found = call.state.require("payment_method", method or "", param="payment_method", status=400)
    intent.update(payment_method=found["id"], status="requires_confirmation")
    return call.state.save(intent)


@route("GET", "/v1/setup_intents/{intent}")
def retrieve(call: Call) -> Json:
    return call.state.require("setup_intent", call.path["intent"], param="intent")


@route("POST", "/v1/setup_intents/{intent}", honours="description metadata payment_method")
def update(call: Call) -> Json:
    intent = retrieve(call)
    if "description" in call.params:
        intent["description"] = call.params["description"] or None
    merge_metadata(intent, call.params)
    call.state.save(intent)
    if "payment_method" in call.params:
        return _with_card(call, intent, now=False)
    return intent


@route("POST", "/v1/setup_intents/{intent}/confirm", honours="payment_method return_url")
def confirm(call: Call) -> Json:
    return _with_card(call, retrieve(call), now=True)


@route("POST", "/v1/setup_intents/{intent}/cancel", honours="cancellation_reason")
def cancel(call: Call) -> Json:
    intent = retrieve(call)
    if intent["status"] in ("succeeded", "canceled"):
        raise StripeError(
            f"You cannot cancel this SetupIntent because it is {intent['status']}.",
            code="setup_intent_unexpected_state",
        )
    setting_up.cancel(call.state, intent, reason=call.params.get("cancellation_reason"))
    return intent


@route("GET", "/v1/setup_intents", honours=f"{PAGING} customer payment_method")
def list_all(call: Call) -> Json:
    where = {name: call.params.get(name) for name in ("customer", "payment_method")}
    return page(call, "setup_intent", where)
