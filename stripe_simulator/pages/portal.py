"""The customer portal: `/portal/<session>`, and a page for each thing that can be done there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from stripe_simulator.account import ACCOUNT_NAME
from stripe_simulator.errors import StripeError
from stripe_simulator.objects.prices import every, price_label
from stripe_simulator.objects.subscription_items import items_of, price_of
from stripe_simulator.objects.subscriptions import ENDED
from stripe_simulator.pages.cards import (
    PREFILLED,
    Fields,
    asks_to_confirm,
    confirmation_page,
    form_of,
    read_card,
)
from stripe_simulator.pages.rendering import opened, page
from stripe_simulator.presentation import present
from stripe_simulator.rules import portal
from stripe_simulator.shapes import Json
from stripe_simulator.store import State, Store

_ROWS = 24


@dataclass(frozen=True)
class Visit:
    """Somebody at the portal: `about` is the subscription in the address, `fields` what they sent."""

    state: State
    session: Json
    about: str
    fields: Fields

    @property
    def home(self) -> str:
        return f"/portal/{self.session['id']}"

    @property
    def allowed(self) -> Json:
        return portal.features_of(self.state, self.session)

    def subscription(self) -> Json:
        return portal.own_subscription(self.state, self.session, self.about)

    def shown(self, template: str, *, status: int = 200, **context: Any) -> Response:
        return page(
            template,
            status=status,
            home=self.home,
            seller=ACCOUNT_NAME,
            return_url=self.session["return_url"],
            **context,
        )

    def done(self) -> Response:
        """Where a finished flow leads: as the session says, else to the portal."""
        flow = self.session["flow"] or {"after_completion": {"type": "portal_homepage"}}
        completion = flow["after_completion"]
        if completion["type"] == "redirect":
            return RedirectResponse(completion["redirect"]["return_url"], status_code=303)
        if completion["type"] == "hosted_confirmation":
            words = (completion["hosted_confirmation"] or {}).get("custom_message")
            return self.shown("portal_done.html", words=words or "Your change was made.")
        return RedirectResponse(f"{self.home}?all", status_code=303)


Action = Callable[[Visit], Response]


def routes(store: Store) -> list[Route]:
    def serve(action: Action, *, method: str) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            fields = await form_of(request) if method == "POST" else dict(request.query_params)
            named = request.path_params
            return await run_in_threadpool(
                _visit, store, action, named["session"], named.get("subscription", ""), fields
            )

        return answer

    door, one = "/portal/{session}", "/portal/{session}/subscriptions/{subscription}"
    table: list[tuple[str, str, Action]] = [
        ("GET", door, _home),
        ("GET", f"{door}/payment-method", _card),
        ("POST", f"{door}/payment-method", _save_card),
        ("GET", f"{one}/plan", _plans),
        ("GET", f"{one}/change", _confirm),
        ("POST", f"{one}/change", _change),
        ("GET", f"{one}/cancellation", _ask_cancel),
        ("POST", f"{one}/cancellation", _cancel),
        ("POST", f"{one}/renewal", _keep),
    ]
    return [Route(path, serve(act, method=verb), methods=[verb]) for verb, path, act in table]


def _visit(store: Store, action: Action, id: str, about: str, fields: Fields) -> Response:
    with opened(store, "billing_portal.session", id) as (state, session):
        if session is None:
            return page("missing.html", status=404)
        visit = Visit(state, session, about, fields)
        try:
            with state.savepoint():
                return action(visit)
        except StripeError as refusal:
            status = 404 if refusal.status == 404 else 402 if refusal.status == 402 else 400
            return visit.shown("portal_refused.html", status=status, words=refusal.message)


def _home(visit: Visit) -> Response:
    flow = visit.session["flow"]
    if flow and "all" not in visit.fields:
        return RedirectResponse(visit.home + _deep_link(visit, flow), status_code=303)
    state, customer = visit.state, visit.session["customer"]
    running = [
        one
        for one in state.select("subscription", {"customer": customer}, newest_first=True)
        if one["status"] not in ENDED
    ]
    invoices: list[Json] = []
    if visit.allowed["invoice_history"]["enabled"]:
        invoices = state.select("invoice", {"customer": customer}, newest_first=True, limit=_ROWS)
    owner = state.require("customer", customer)
    charged = [one["default_payment_method"] for one in running]  # Checkout sets it there alone
    charged.append(owner["invoice_settings"]["default_payment_method"])
    card = state.get("payment_method", next(filter(None, charged), ""))
    return visit.shown(
        "portal.html",
        customer=owner,
        subscriptions=[_row(visit, one) for one in running],
        invoices=[one for one in invoices if one["status"] != "draft"],
        card=card["card"] if card else None,
        allowed=visit.allowed,
    )


def _deep_link(visit: Visit, flow: Json) -> str:
    kind = flow["type"]
    if kind == "payment_method_update":
        return "/payment-method"
    details = flow[kind]
    path = f"/subscriptions/{details['subscription']}"
    if kind == "subscription_cancel":
        return f"{path}/cancellation"
    if kind == "subscription_update":
        return f"{path}/plan"
    item = details["items"][0]
    asked = {key: item[key] for key in ("price", "quantity") if item.get(key) is not None}
    return f"{path}/change?{urlencode(asked)}"


def _row(visit: Visit, subscription: Json) -> Json:
    """A subscription as the portal's list shows it."""
    state = visit.state
    items = items_of(state, subscription["id"])
    lines = []
    for item in items:
        price = price_of(state, item)
        lines.append(
            {
                "name": state.require("product", price["product"])["name"],
                "quantity": item["quantity"],
                "label": price_label(price, subscription["currency"]),
            }
        )
    return present(state, subscription) | {
        "lines": lines,
        "ends": portal.ends(state, subscription),
        "can_change": len(items) == 1 and visit.allowed["subscription_update"]["enabled"],
    }


def _card(visit: Visit) -> Response:
    return _card_page(visit, PREFILLED, None)


def _card_page(visit: Visit, fields: Fields, refusal: StripeError | None) -> Response:
    return visit.shown(
        "portal_card.html",
        status=402 if refusal else 200,
        fields=PREFILLED | fields,
        refusal=refusal,
    )


def _save_card(visit: Visit) -> Response:
    try:
        with visit.state.savepoint():
            typed = read_card(visit.fields)
            if asks_to_confirm(typed.card, visit.fields):
                return confirmation_page(f"{visit.home}/payment-method", visit.fields)
            portal.save_card(visit.state, visit.session, typed)
    except StripeError as refusal:
        return _card_page(visit, visit.fields, refusal)
    return visit.done()


def _plans(visit: Visit) -> Response:
    subscription = visit.subscription()
    held = items_of(visit.state, subscription["id"])[0]
    plans = [
        {
            "id": price["id"],
            "name": product["name"],
            "label": price_label(price, subscription["currency"]),
            "held": price["id"] == held["price"],
        }
        for price, product in portal.offers(visit.state, visit.session, subscription)
    ]
    counts = "quantity" in visit.allowed["subscription_update"]["default_allowed_updates"]
    return visit.shown(
        "portal_plans.html",
        subscription=subscription,
        plans=plans,
        quantity=held["quantity"] if counts else None,
    )


def _asked(visit: Visit, subscription: Json) -> dict[str, Any]:
    quantity = visit.fields.get("quantity", "")
    return portal.change_of(
        visit.state,
        visit.session,
        subscription,
        price=visit.fields.get("price"),
        quantity=int(quantity) if quantity.isdecimal() else None,
    )


def _confirm(visit: Visit) -> Response:
    subscription = visit.subscription()
    change = _asked(visit, subscription)
    given = change["items"][0]
    held = items_of(visit.state, subscription["id"])[0]
    price = visit.state.require("price", given.get("price", held["price"]))
    later = portal.waits(visit.state, visit.session, subscription, change)
    return visit.shown(
        "portal_change.html",
        subscription=subscription,
        name=visit.state.require("product", price["product"])["name"],
        label=price_label(price, subscription["currency"]),
        every=every(price),
        quantity=given.get("quantity", held["quantity"]),
        price=price["id"],
        later=portal.ends(visit.state, subscription) if later else None,
        invoice=None if later else portal.preview(visit.state, subscription, change),
    )


def _change(visit: Visit) -> Response:
    subscription = visit.subscription()
    portal.update(visit.state, visit.session, subscription, _asked(visit, subscription))
    return visit.done()


def _ask_cancel(visit: Visit) -> Response:
    subscription, allowed = visit.subscription(), visit.allowed["subscription_cancel"]
    return visit.shown(
        "portal_cancel.html",
        row=_row(visit, subscription),
        now=allowed["mode"] == "immediately",
        reasons=allowed["cancellation_reason"]["options"]
        if allowed["cancellation_reason"]["enabled"]
        else [],
    )


def _cancel(visit: Visit) -> Response:
    feedback = visit.fields.get("feedback", "")
    portal.cancel(visit.state, visit.session, visit.subscription(), feedback=feedback)
    return visit.done()


def _keep(visit: Visit) -> Response:
    portal.keep(visit.state, visit.subscription())
    return RedirectResponse(f"{visit.home}?all", status_code=303)
