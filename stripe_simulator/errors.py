"""Error answers in the form of Stripe's API reference, "Errors"."""

from typing import Any


class StripeError(Exception):
    """An answer other than 200. `keeps_changes` commits what the request wrote before it failed."""

    status = 400
    type = "invalid_request_error"
    keeps_changes = False

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        status: int | None = None,
        **details: Any,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.param = param
        self.details = details
        if status is not None:
            self.status = status

    def body(self) -> dict[str, Any]:
        error: dict[str, Any] = {"message": self.message, "type": self.type}
        if self.code:
            error["code"] = self.code
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        if self.param:
            error["param"] = self.param
        return {"error": error | self.details}


class AuthenticationError(StripeError):
    status = 401


class IdempotencyError(StripeError):
    type = "idempotency_error"


class CardError(StripeError):
    """A declined card: 402, and the failed attempt stays on record."""

    status = 402
    type = "card_error"
    keeps_changes = True


class NotSimulated(StripeError):
    """Stripe has this, the simulator does not: said aloud, never silently ignored."""

    status = 501
    type = "api_error"

    def __init__(self, what: str, *, param: str | None = None) -> None:
        super().__init__(
            f"{what} is part of Stripe's API, but this simulator does not simulate it yet.",
            code="not_simulated",
            param=param,
        )


def unknown_url(method: str, path: str) -> StripeError:
    return StripeError(
        f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs "
        "or we can help at https://support.stripe.com/.",
        status=404,
    )


def no_such(label: str, id: str, *, param: str = "id", status: int = 404) -> StripeError:
    return StripeError(
        f"No such {label}: '{id}'", code="resource_missing", param=param, status=status
    )


def missing(param: str) -> StripeError:
    return StripeError(f"Missing required param: {param}.", code="parameter_missing", param=param)


def unknown(params: list[str]) -> StripeError:
    noun = "parameter" if len(params) == 1 else "parameters"
    return StripeError(
        f"Received unknown {noun}: {', '.join(params)}",
        code="parameter_unknown",
        param=params[0],
    )


def invalid(message: str, param: str, *, code: str | None = None) -> StripeError:
    return StripeError(message, code=code, param=param)
