"""One API request, from text to answer: authenticate, route, validate, run, present, expand."""

import logging
from dataclasses import dataclass, field
from email.utils import formatdate

import stripe

from stripe_simulator import form, idempotency
from stripe_simulator.account import ACCOUNT_ID
from stripe_simulator.authentication import authenticate
from stripe_simulator.errors import NotSimulated, StripeError, unknown_url
from stripe_simulator.identifiers import new_id
from stripe_simulator.presentation import expand, present
from stripe_simulator.registry import Call, Route, resolve
from stripe_simulator.rules import clocks
from stripe_simulator.sdk_routes import anonymous, real_route
from stripe_simulator.shapes import Json
from stripe_simulator.store import Origin, State, Store
from stripe_simulator.validation import validate

log = logging.getLogger("stripe_simulator.api")


@dataclass(frozen=True)
class Request:
    """What arrived. `headers` has lower-case names; `body` is form-encoded."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: str


@dataclass(frozen=True)
class Answer:
    status: int
    body: Json
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Api:
    """The simulated API over one store; `api_key` as in authentication.py."""

    store: Store
    api_key: str | None = None

    def answer(self, request: Request) -> Answer:
        key = request.headers.get("idempotency-key")
        origin = Origin(new_id("req"), key)
        headers = {
            "Request-Id": origin.request_id or "",
            "Stripe-Version": request.headers.get("stripe-version", stripe.api_version),
        }
        if key:
            headers["Idempotency-Key"] = key
        try:
            answer = self._run(request, origin)
        except StripeError as error:
            answer = Answer(error.status, error.body())
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            message = "The simulator failed; its log says why."
            answer = Answer(500, {"error": {"message": message, "type": "api_error"}})
        if answer.status >= 500:
            headers["Stripe-Should-Retry"] = "false"  # trying again gives the same answer
        return Answer(answer.status, answer.body, headers | answer.headers)

    def _run(self, request: Request, origin: Origin) -> Answer:
        authenticate(request.headers, api_key=self.api_key, account_id=ACCOUNT_ID)
        raw = form.decode(request.query) | form.decode(request.body)
        route, arguments = _route(request.method, request.path)
        params = validate(route.params, raw)
        route.refuse_unsimulated(params)
        key = origin.idempotency_key if request.method == "POST" else None
        asked = idempotency.fingerprint(request.method, request.path, raw)
        with self.store.transaction(origin) as state:
            if key and (earlier := idempotency.recall(state, key, asked)):
                return Answer(*earlier, headers={"Idempotent-Replayed": "true"})
            with state.at(clocks.time_of(state, arguments, params)):
                status, body = _execute(state, route, Call(state, arguments, params, request.path))
                date = formatdate(state.now(), usegmt=True)
            if key:
                idempotency.remember(state, key, asked, status, body)
        return Answer(status, body, headers={"Date": date})


def _route(method: str, path: str) -> tuple[Route, dict[str, str]]:
    real, found = real_route(method, path), resolve(method, path)
    if real is None:
        raise unknown_url(method, path)
    if found is None or anonymous(found[0].path) != anonymous(real.path):
        raise NotSimulated(f"{method} {path}")
    return found


def _execute(state: State, route: Route, call: Call) -> tuple[int, Json]:
    """Run the handler. A refusal undoes what the handler wrote, a declined card does not."""
    try:
        with state.savepoint():
            answer = present(state, route.handler(call))
            return 200, expand(state, answer, call.params.get("expand", ()))
    except NotSimulated:
        raise  # not remembered: the same key may work once it is simulated
    except StripeError as error:
        return error.status, error.body()
