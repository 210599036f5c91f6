"""Objects in the shape of the installed SDK's API version.

The SDK's resource classes say which attributes an object has and which may be null. Every
object is made through `shape`, so none can miss an attribute or invent one, and a new SDK
version changes the shapes here without a hand-kept list.
"""

from functools import cache
from types import NoneType, UnionType
from typing import Any, ClassVar, Union, get_args, get_origin

Json = dict[str, Any]
_UNIONS: tuple[Any, ...] = (Union, UnionType)

# Attributes that Stripe leaves out, rather than sending null, unless they are expanded or true.
_LEFT_OUT = {
    "charge": {"refunds", "level3", "presentment_details"},
    "checkout.session": {"line_items", "name_collection", "optional_items", "recovered_from"},
    "customer": {"cash_balance", "customer_account", "invoice_credit_balance", "sources"}
    | {"subscriptions", "tax", "tax_ids", "business_name", "individual_name"},
    "invoice": {"confirmation_secret", "payments", "amount_paid_off_stripe"},
    "price": {"currency_options", "tiers"},
    "plan": {"tiers"},
    "subscription": {"presentment_details"},
}
_ALWAYS_LEFT_OUT = {"deleted"}


def shape(cls: type, /, **values: Any) -> Json:
    """Return `values` completed to the attributes of an SDK class, absent ones null.

    Raises TypeError for an attribute the class does not have, or a missing one that cannot be
    null: both are mistakes in the simulator, never in a request.
    """
    nullable, required, name = _attributes(cls)
    unknown = {key for key in values if not key.startswith("_")} - nullable - required
    absent = required - values.keys()
    if unknown or absent:
        raise TypeError(f"{cls.__qualname__}: unknown {unknown or '-'}, missing {absent or '-'}")
    body = {"object": name} if name else {}
    left_out = _ALWAYS_LEFT_OUT | _LEFT_OUT.get(name or "", set())
    return body | dict.fromkeys(sorted(nullable - left_out)) | values


@cache
def _attributes(cls: type) -> tuple[frozenset[str], frozenset[str], str | None]:
    nullable: set[str] = set()
    required: set[str] = set()
    for key, annotation in cls.__annotations__.items():
        if key.startswith("_") or key == "object" or _is_class_variable(annotation):
            continue
        (nullable if _may_be_null(annotation) else required).add(key)
    return frozenset(nullable), frozenset(required), getattr(cls, "OBJECT_NAME", None)


def _is_class_variable(annotation: Any) -> bool:
    origin: Any = get_origin(annotation)
    return origin is ClassVar


def _may_be_null(annotation: Any) -> bool:
    members = get_args(annotation) if get_origin(annotation) in _UNIONS else ()
    return NoneType in members


def list_object(data: list[Json], *, url: str, has_more: bool = False) -> Json:
    return {"object": "list", "data": data, "has_more": has_more, "url": url}
